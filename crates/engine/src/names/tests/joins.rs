//! Joins.

use super::check;
use expect_test::expect;

#[test]
fn conditions() {
    check(
        "select A.region from images a join regions B on a.REGION = b.region",
        expect![[r#"
            SELECT a.region FROM aws.ec2_api.images a JOIN aws.ec2_api.regions B ON a.region = B.region
        "#]],
    );
    check(
        "select region from images a join regions b on a.region = b.region",
        expect![[r#"
            Ambiguous: name "region" is ambiguous
            hint: Write a.region or b.region.
        "#]],
    );
    check(
        "select NAME, regionendpoint from images a join regions b on a.region = b.region",
        expect![[r#"
            SELECT name, regionEndpoint FROM aws.ec2_api.images a JOIN aws.ec2_api.regions b ON a.region = b.region
        "#]],
    );
    check(
        "select 1 from images a join regions b on a.region = b.region where REGION = 'x'",
        expect![[r#"
            Ambiguous: name "REGION" is ambiguous
            hint: Write a.region or b.region.
        "#]],
    );
    check(
        "select a.region from images a join regions b on a.region = b.region group by region",
        expect![[r#"
            SELECT a.region FROM aws.ec2_api.images a JOIN aws.ec2_api.regions b ON a.region = b.region GROUP BY region
        "#]],
    );
    check(
        "select a.region from images a join regions b on a.region = b.region order by region",
        expect![[r#"
            SELECT a.region FROM aws.ec2_api.images a JOIN aws.ec2_api.regions b ON a.region = b.region ORDER BY region
        "#]],
    );
    check(
        "select 1 from images a, regions b join images c on a.region = c.region",
        expect![[r#"
            Relation: relation "a" is not in the FROM clause, which has b, c
            hint: Did you mean b or c?
        "#]],
    );
}

#[test]
fn merged_columns() {
    check(
        "select region, NAME from images a join regions b using (REGION)",
        expect![[r#"
            SELECT a.region, name FROM aws.ec2_api.images a JOIN aws.ec2_api.regions b USING(region)
        "#]],
    );
    check(
        "select * from images a join regions b using (region)",
        expect![[r#"
            SELECT a.region, a.imageId, a.name, b.regionEndpoint FROM aws.ec2_api.images a JOIN aws.ec2_api.regions b USING(region)
        "#]],
    );
    check(
        "select * from images a left join regions b using (region)",
        expect![[r#"
            SELECT a.region, a.imageId, a.name, b.regionEndpoint FROM aws.ec2_api.images a LEFT JOIN aws.ec2_api.regions b USING(region)
        "#]],
    );
    check(
        "select * from images a right join regions b using (region)",
        expect![[r#"
            SELECT b.region, a.imageId, a.name, b.regionEndpoint FROM aws.ec2_api.images a RIGHT JOIN aws.ec2_api.regions b USING(region)
        "#]],
    );
    check(
        "select * from images a full join regions b using (region)",
        expect![[r#"
            SELECT coalesce(a.region, b.region) AS region, a.imageId, a.name, b.regionEndpoint FROM aws.ec2_api.images a FULL JOIN aws.ec2_api.regions b USING(region)
        "#]],
    );
    check(
        "select region, count(*) from images a full join regions b using (region) group by region order by region",
        expect![[r#"
            SELECT coalesce(a.region, b.region) AS region, count(*) FROM aws.ec2_api.images a FULL JOIN aws.ec2_api.regions b USING(region) GROUP BY coalesce(a.region, b.region) ORDER BY region
        "#]],
    );
    check(
        "select region, b.region from images a right join regions b using (region)",
        expect![[r#"
            SELECT b.region, b.region AS region_2 FROM aws.ec2_api.images a RIGHT JOIN aws.ec2_api.regions b USING(region)
        "#]],
    );
    check(
        "select * from images a join regions b using (region) join system.requests c using (region)",
        expect![[r#"
            SELECT a.region, a.imageId, a.name, b.regionEndpoint, c.operation FROM aws.ec2_api.images a JOIN aws.ec2_api.regions b USING(region) JOIN aws.system.requests c USING(region)
        "#]],
    );
    check(
        "select region from images a join regions b using (region) join system.requests c on b.region = c.region",
        expect![[r#"
            Ambiguous: name "region" is ambiguous
            hint: Write a.region, b.region or c.region.
        "#]],
    );
    check(
        "select a.* from images a join regions b using (region)",
        expect![[r#"
            SELECT a.region, a.imageId, a.name FROM aws.ec2_api.images a JOIN aws.ec2_api.regions b USING(region)
        "#]],
    );
    check(
        "select * from images a join regions b using (regoin)",
        expect![[r#"
            Column: column "regoin" does not exist in a
            hint: Did you mean region?
        "#]],
    );
}

#[test]
fn natural() {
    check(
        "select * from import_image_tasks a natural join import_snapshot_tasks b",
        expect![[r#"
            SELECT a.region, a.importTaskId, a.status, a.progress, a.snapshotDetailSet, b.snapshotTaskDetail FROM aws.ec2_api.import_image_tasks a JOIN aws.ec2_api.import_snapshot_tasks b USING(region, importTaskId, status)
        "#]],
    );
    check(
        "select * from regions natural join myview",
        expect![[r#"
        SELECT * FROM aws.ec2_api.regions AS regions JOIN aws.ec2_api.MyView AS MyView
    "#]],
    );
}

#[test]
fn semi_joins() {
    check(
        "select * from images a left semi join regions b on a.region = b.region",
        expect![[r#"
            SELECT region, imageId, name FROM aws.ec2_api.images a LEFT SEMI JOIN aws.ec2_api.regions b ON a.region = b.region
        "#]],
    );
    check(
        "select * from images a right anti join regions b on a.region = b.region",
        expect![[r#"
            SELECT * FROM aws.ec2_api.images a RIGHT ANTI JOIN aws.ec2_api.regions b ON a.region = b.region
        "#]],
    );
    check(
        "select regionendpoint from images a left semi join regions b on a.region = b.region",
        expect![[r#"
            Column: column "regionendpoint" does not exist in a
        "#]],
    );
}

#[test]
fn nested_and_unnested() {
    check(
        "select NAME from (images a join regions b on a.region = b.region)",
        expect![[r#"
            SELECT name FROM (aws.ec2_api.images a JOIN aws.ec2_api.regions b ON a.region = b.region)
        "#]],
    );
    check(
        "select D.FORMAT, IMPORTTASKID from import_image_tasks t, unnest(T.snapshotdetailset) as d",
        expect![[r#"
            SELECT d['format'] AS format, importTaskId FROM aws.ec2_api.import_image_tasks t, UNNEST(t.snapshotDetailSet) AS d (d)
        "#]],
    );
    check(
        "select S.FORMAT from import_image_tasks t, unnest(snapshotdetailset) as d(s)",
        expect![[r#"
            SELECT s['format'] AS format FROM aws.ec2_api.import_image_tasks t, UNNEST(snapshotDetailSet) AS d (s)
        "#]],
    );
    check(
        "select d from import_image_tasks t cross join unnest(t.snapshotdetailset) as D",
        expect![[r#"
            SELECT D FROM aws.ec2_api.import_image_tasks t CROSS JOIN UNNEST(t.snapshotDetailSet) AS D (D)
        "#]],
    );
    check(
        "select x.N from images i, lateral (select I.NAME as n) X",
        expect![[r#"
            SELECT X.n FROM aws.ec2_api.images i, LATERAL (SELECT i.name AS n) X
        "#]],
    );
    check(
        "select x.n from images i, (select i.name as n) x",
        expect![[r#"
        Relation: relation "i" does not exist
    "#]],
    );
}
