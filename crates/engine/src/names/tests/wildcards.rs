//! `*` and `t.*`.

use super::check;
use expect_test::expect;

#[test]
fn hidden_columns() {
    check(
        "select * from images",
        expect![[r#"
        SELECT region, imageId, name FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select * from images as i",
        expect![[r#"
        SELECT region, imageId, name FROM aws.ec2_api.images AS i
    "#]],
    );
    check(
        "select I.*, 1 from images as i",
        expect![[r#"
        SELECT region, imageId, name, 1 FROM aws.ec2_api.images AS i
    "#]],
    );
    check(
        "select aws.ec2_api.IMAGES.* from aws.ec2_api.images",
        expect![[r#"
            SELECT region, imageId, name FROM aws.ec2_api.images AS images
        "#]],
    );
    check(
        "select *, tags from images",
        expect![[r#"
        SELECT region, imageId, name, tags FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select TAGS from images",
        expect![[r#"
        SELECT tags FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select * from regions",
        expect![[r#"
        SELECT * FROM aws.ec2_api.regions AS regions
    "#]],
    );
    check(
        "select count(*) from images",
        expect![[r#"
        SELECT count(*) FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "from images",
        expect![[r#"
        SELECT region, imageId, name FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select * from images, regions",
        expect![[r#"
            SELECT images.region, images.imageId, images.name, regions.region, regions.regionEndpoint FROM aws.ec2_api.images AS images, aws.ec2_api.regions AS regions
        "#]],
    );
    check(
        "select r.*, i.* from images i join regions r on i.region = r.region",
        expect![[r#"
            SELECT r.*, i.region, i.imageId, i.name FROM aws.ec2_api.images i JOIN aws.ec2_api.regions r ON i.region = r.region
        "#]],
    );
}

#[test]
fn derived_tables() {
    check(
        "select * from (select * from images) x",
        expect![[r#"
            SELECT * FROM (SELECT region, imageId, name FROM aws.ec2_api.images AS images) x
        "#]],
    );
    check(
        "select * from (select imageid, tags from images) x",
        expect![[r#"
            SELECT * FROM (SELECT imageId, tags FROM aws.ec2_api.images AS images) x
        "#]],
    );
    check(
        "select * from (select imageid, tags from images) x, images i",
        expect![[r#"
            SELECT x.imageId, x.tags, i.region, i.imageId, i.name FROM (SELECT imageId, tags FROM aws.ec2_api.images AS images) x, aws.ec2_api.images i
        "#]],
    );
    check(
        "select TAGS from (select * from images) x",
        expect![[r#"
        Column: column "TAGS" does not exist in x
    "#]],
    );
    check(
        "select * from (select count(*), region from images group by region) x, images i",
        expect![[r#"
            SELECT x.*, i.region, i.imageId, i.name FROM (SELECT count(*), region FROM aws.ec2_api.images AS images GROUP BY region) x, aws.ec2_api.images i
        "#]],
    );
    check(
        "with t as (select * from images) select * from T",
        expect![[r#"
            WITH t AS (SELECT region, imageId, name FROM aws.ec2_api.images AS images) SELECT * FROM t
        "#]],
    );
}

#[test]
fn nameless_tables() {
    check(
        "select * from images, unnest([1, 2])",
        expect![[r#"
        SELECT images.region, images.imageId, images.name, unnest.unnest FROM aws.ec2_api.images AS images, UNNEST([1, 2]) AS unnest (unnest)
    "#]],
    );
    check(
        "select * from images, unnest([1, 2]), unnest([3], [4])",
        expect![[r#"
        SELECT images.region, images.imageId, images.name, unnest.unnest, unnest_2.unnest, unnest_2.unnest_2 FROM aws.ec2_api.images AS images, UNNEST([1, 2]) AS unnest (unnest), UNNEST([3], [4]) AS unnest_2 (unnest, unnest_2)
    "#]],
    );
    check(
        "select * from unnest([1, 2])",
        expect![[r#"
        SELECT * FROM UNNEST([1, 2]) AS unnest (unnest)
    "#]],
    );
    check(
        "select * from (select count(*) from images), images i",
        expect![[r#"
        SELECT derived.*, i.region, i.imageId, i.name FROM (SELECT count(*) FROM aws.ec2_api.images AS images) AS derived, aws.ec2_api.images i
    "#]],
    );
    check(
        "select * from (select name from images), (select region from images)",
        expect![[r#"
        SELECT * FROM (SELECT name FROM aws.ec2_api.images AS images) AS derived, (SELECT region FROM aws.ec2_api.images AS images) AS derived_2
    "#]],
    );
    check(
        "select * from (select count(*) from images)",
        expect![[r#"
        SELECT * FROM (SELECT count(*) FROM aws.ec2_api.images AS images)
    "#]],
    );
}

#[test]
fn options() {
    check(
        "select * exclude (NAME) from images",
        expect![[r#"
        SELECT region, imageId FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select * exclude NAME from regions, images",
        expect![[r#"
            SELECT regions.region, regions.regionEndpoint, images.region, images.imageId FROM aws.ec2_api.regions AS regions, aws.ec2_api.images AS images
        "#]],
    );
    check(
        "select * except (NAME, tags) from images",
        expect![[r#"
        SELECT region, imageId FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select * replace (upper(NAME) as name) from images",
        expect![[r#"
            SELECT region, imageId, upper(name) AS name FROM aws.ec2_api.images AS images
        "#]],
    );
    check(
        "select * rename (NAME as title) from images",
        expect![[r#"
        SELECT region, imageId, name AS title FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select * ilike '%I%N%' from images",
        expect![[r#"
        SELECT region FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select * exclude (REGION) from regions",
        expect![[r#"
        SELECT regionEndpoint FROM aws.ec2_api.regions AS regions
    "#]],
    );
    check(
        "select * exclude (i.REGION) from images i, regions r",
        expect![[r#"
            SELECT i.imageId, i.name, r.region, r.regionEndpoint FROM aws.ec2_api.images i, aws.ec2_api.regions r
        "#]],
    );
    check(
        "select i.* exclude (nmae) from images i",
        expect![[r#"
            Column: column "nmae" does not exist
            hint: Did you mean name?
        "#]],
    );
    check(
        "select x.* from images",
        expect![[r#"
            Relation: relation "x" is not in the FROM clause, which has aws.ec2_api.images
        "#]],
    );
}

#[test]
fn beside_unknown_relations() {
    check(
        "select * from elsewhere.t, images",
        expect![[r#"
            SELECT elsewhere.t.*, images.region, images.imageId, images.name FROM elsewhere.t, aws.ec2_api.images AS images
        "#]],
    );
    check(
        "select * from elsewhere.t x, images i",
        expect![[r#"
            SELECT x.*, i.region, i.imageId, i.name FROM elsewhere.t x, aws.ec2_api.images i
        "#]],
    );
    check(
        "select i.* from elsewhere.t x, images i",
        expect![[r#"
            SELECT i.region, i.imageId, i.name FROM elsewhere.t x, aws.ec2_api.images i
        "#]],
    );
}
