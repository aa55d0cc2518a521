//! Columns: case, quotes, qualifiers, aliases, the clauses that see them.

use super::check;
use expect_test::expect;

#[test]
fn case_of_columns() {
    check(
        "select importtaskid from import_image_tasks",
        expect![[r#"
        SELECT importTaskId FROM aws.ec2_api.import_image_tasks AS import_image_tasks
    "#]],
    );
    check(
        "SELECT IMPORTTASKID, Status FROM import_image_tasks",
        expect![[r#"
            SELECT importTaskId, status FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select \"importTaskId\" from import_image_tasks",
        expect![[r#"
            SELECT "importTaskId" FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select \"importtaskid\" from import_image_tasks",
        expect![[r#"
            Column: column "importtaskid" does not exist in aws.ec2_api.import_image_tasks
            hint: Did you mean importTaskId?
        "#]],
    );
    check(
        "select taskid, \"Odd Name\", odd from myview",
        expect![[r#"
        SELECT taskId, "Odd Name", ODD FROM aws.ec2_api.MyView AS MyView
    "#]],
    );
    check(
        "select t.IMPORTTASKID from import_image_tasks T",
        expect![[r#"
            SELECT T.importTaskId FROM aws.ec2_api.import_image_tasks T
        "#]],
    );
    check(
        "select import_image_tasks.region from import_image_tasks",
        expect![[r#"
            SELECT import_image_tasks.region FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select EC2_API.Images.Region from aws.ec2_api.images",
        expect![[r#"
            SELECT images.region FROM aws.ec2_api.images AS images
        "#]],
    );
    check(
        "select aws.ec2_api.images.region from images",
        expect![[r#"
        SELECT images.region FROM aws.ec2_api.images AS images
    "#]],
    );
}

#[test]
fn clauses() {
    check(
        "select REGION, count(*) from images where NAME like 'x%' group by REGION having max(NAME) > 'a' order by REGION desc",
        expect![[r#"
            SELECT region, count(*) FROM aws.ec2_api.images AS images WHERE name LIKE 'x%' GROUP BY region HAVING max(name) > 'a' ORDER BY region DESC
        "#]],
    );
    check(
        "select upper(NAME) || IMAGEID from images",
        expect![[r#"
        SELECT upper(name) || imageId FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select case when NAME is null then IMAGEID else 'x' end from images where REGION in ('a', NAME) and not (NAME between IMAGEID and REGION)",
        expect![[r#"
            SELECT CASE WHEN name IS NULL THEN imageId ELSE 'x' END FROM aws.ec2_api.images AS images WHERE region IN ('a', name) AND NOT (name BETWEEN imageId AND region)
        "#]],
    );
    check(
        "select row_number() over (partition by REGION order by NAME) from images",
        expect![[r#"
            SELECT row_number() OVER (PARTITION BY region ORDER BY name) FROM aws.ec2_api.images AS images
        "#]],
    );
    check(
        "select sum(1) over W from images window w as (partition by REGION)",
        expect![[r#"
            SELECT sum(1) OVER w FROM aws.ec2_api.images AS images WINDOW w AS (PARTITION BY region)
        "#]],
    );
    check(
        "select count(*) filter (where NAME = 'x') from images group by grouping sets ((REGION), (NAME))",
        expect![[r#"
            SELECT count(*) FILTER (WHERE name = 'x') FROM aws.ec2_api.images AS images GROUP BY GROUPING SETS ((region), (name))
        "#]],
    );
    check(
        "select distinct on (REGION) NAME from images order by REGION, NAME",
        expect![[r#"
            SELECT DISTINCT ON (region) name FROM aws.ec2_api.images AS images ORDER BY region, name
        "#]],
    );
    check(
        "select region, row_number() over (order by name) as Rank from images qualify RANK = 1",
        expect![[r#"
            SELECT region, row_number() OVER (ORDER BY name) AS Rank FROM aws.ec2_api.images AS images QUALIFY Rank = 1
        "#]],
    );
}

#[test]
fn aliases() {
    check(
        "select imageid as Id from images order by ID",
        expect![[r#"
        SELECT imageId AS Id FROM aws.ec2_api.images AS images ORDER BY Id
    "#]],
    );
    check(
        "select count(*) as Total, region from images group by 2 having TOTAL > 1",
        expect![[r#"
            SELECT count(*) AS Total, region FROM aws.ec2_api.images AS images GROUP BY 2 HAVING Total > 1
        "#]],
    );
    check(
        "select upper(region) as Big, count(*) from images group by BIG",
        expect![[r#"
            SELECT upper(region) AS Big, count(*) FROM aws.ec2_api.images AS images GROUP BY Big
        "#]],
    );
    check(
        "select imageid as i, i.name from images i order by I.name, I",
        expect![[r#"
            SELECT imageId AS i, i.name FROM aws.ec2_api.images i ORDER BY i.name, i
        "#]],
    );
    check(
        "select name as Region from images order by REGION",
        expect![[r#"
            SELECT name AS Region FROM aws.ec2_api.images AS images ORDER BY Region
        "#]],
    );
    check(
        "select name as Region from images group by REGION, name",
        expect![[r#"
            SELECT name AS Region FROM aws.ec2_api.images AS images GROUP BY region, name
        "#]],
    );
    check(
        "select imageid as \"Id\", name as \"ID\" from images order by \"ID\"",
        expect![[r#"
            SELECT imageId AS "Id", name AS "ID" FROM aws.ec2_api.images AS images ORDER BY "ID"
        "#]],
    );
    check(
        "select imageid as \"Id\", name as \"ID\" from images order by id",
        expect![[r#"
            Ambiguous: name "id" is ambiguous
            hint: Write "ID" or "Id".
        "#]],
    );
    check(
        "select imageid as id from images where ID = 'x'",
        expect![[r#"
            Column: column "ID" does not exist in aws.ec2_api.images
        "#]],
    );
    check(
        "select I.imageid from images as i",
        expect![[r#"
        SELECT i.imageId FROM aws.ec2_api.images AS i
    "#]],
    );
    check(
        "select a.B, A.c from images as A (b, C)",
        expect![[r#"
        SELECT A.b, A.C FROM aws.ec2_api.images AS A (b, C, name, tags)
    "#]],
    );
}

#[test]
fn left_alone() {
    check(
        "select current_date, now(), $1, INTERVAL '1 day', 1 from images",
        expect![[r#"
            SELECT current_date, now(), $1, INTERVAL '1 day', 1 FROM aws.ec2_api.images AS images
        "#]],
    );
    check(
        "select extract(year from now()), cast(NAME as VARCHAR), trim(both ' ' from NAME) from images",
        expect![[r#"
            SELECT EXTRACT(YEAR FROM now()), CAST(name AS VARCHAR) AS name, TRIM(BOTH ' ' FROM name) FROM aws.ec2_api.images AS images
        "#]],
    );
    check(
        "select @Variable",
        expect![[r#"
        SELECT @Variable
    "#]],
    );
    check(
        "select 1 + 2 as Three",
        expect![[r#"
        SELECT 1 + 2 AS Three
    "#]],
    );
    check(
        "select NaMe(REGION), UPPER(region) from images",
        expect![[r#"
        SELECT NaMe(region), UPPER(region) FROM aws.ec2_api.images AS images
    "#]],
    );
}
