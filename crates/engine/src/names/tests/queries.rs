//! Sub-queries, common table expressions, set operations.

use super::check;
use expect_test::expect;

#[test]
fn common_table_expressions() {
    check(
        "with T as (select imageid as Id from images) select ID, t.id from t",
        expect![[r#"
            WITH T AS (SELECT imageId AS Id FROM aws.ec2_api.images AS images) SELECT Id, T.Id FROM T
        "#]],
    );
    check(
        "with a as (select 1 as X), b as (select x from A) select * from B",
        expect![[r#"
            WITH a AS (SELECT 1 AS X), b AS (SELECT X FROM a) SELECT * FROM b
        "#]],
    );
    check(
        "with images as (select 1 as N) select n from IMAGES",
        expect![[r#"
            WITH images AS (SELECT 1 AS N) SELECT N FROM images
        "#]],
    );
    check(
        "with t(A, b) as (select region, name from images) select a, B from t",
        expect![[r#"
            WITH t (A, b) AS (SELECT region, name FROM aws.ec2_api.images AS images) SELECT A, b FROM t
        "#]],
    );
    check(
        "with t as (select region from images) select nam from t",
        expect![[r#"
            Column: column "nam" does not exist in t
        "#]],
    );
    check(
        "with recursive R(N) as (select 1 union all select n + 1 from r where N < 5) select n from r",
        expect![[r#"
            WITH RECURSIVE r (N) AS (SELECT 1 UNION ALL SELECT N + 1 FROM r WHERE N < 5) SELECT N FROM r
        "#]],
    );
    check(
        "with recursive r as (select 1 as N union all select n + 1 from R where N < 5) select n from R",
        expect![[r#"
            WITH RECURSIVE r AS (SELECT 1 AS N UNION ALL SELECT N + 1 FROM r WHERE N < 5) SELECT N FROM r
        "#]],
    );
    check(
        "with recursive \"R\"(n) as (with s as (select 1 as One) select ONE from s union all select \"R\".N + 1 from \"R\" where r.n < 5 order by ONE) select R.n from r",
        expect![[r#"
            WITH RECURSIVE "r" (n) AS (WITH s AS (SELECT 1 AS One) SELECT One FROM s UNION ALL SELECT r.n + 1 FROM r WHERE r.n < 5 ORDER BY One) SELECT r.n FROM r
        "#]],
    );
    check(
        "with t as (select 1 as a) select * from (with t as (select 2 as B) select b from t) x",
        expect![[r#"
            WITH t AS (SELECT 1 AS a) SELECT * FROM (WITH t AS (SELECT 2 AS B) SELECT B FROM t) x
        "#]],
    );
    check(
        "with t as (select region from images) select (select count(*) from T) from regions",
        expect![[r#"
            WITH t AS (SELECT region FROM aws.ec2_api.images AS images) SELECT (SELECT count(*) FROM t) AS "count(*)" FROM aws.ec2_api.regions AS regions
        "#]],
    );
}

#[test]
fn sub_queries() {
    check(
        "select NAME from images I where exists (select 1 from regions R where r.region = i.region)",
        expect![[r#"
            SELECT name FROM aws.ec2_api.images I WHERE EXISTS (SELECT 1 FROM aws.ec2_api.regions R WHERE R.region = I.region)
        "#]],
    );
    check(
        "select NAME from images where region in (select REGION from regions where REGIONENDPOINT = NAME)",
        expect![[r#"
            SELECT name FROM aws.ec2_api.images AS images WHERE region IN (SELECT region FROM aws.ec2_api.regions AS regions WHERE regionEndpoint = name)
        "#]],
    );
    check(
        "select (select max(I.name) from images i where I.region = r.region) from regions R",
        expect![[r#"
            SELECT (SELECT max(i.name) FROM aws.ec2_api.images i WHERE i.region = R.region) AS "max(i.name)" FROM aws.ec2_api.regions R
        "#]],
    );
    check(
        "select 1 from import_snapshot_tasks t where exists (select 1 from regions where region = T.snapshottaskdetail.STATUS)",
        expect![[r#"
            SELECT 1 FROM aws.ec2_api.import_snapshot_tasks t WHERE EXISTS (SELECT 1 FROM aws.ec2_api.regions AS regions WHERE region = t.snapshotTaskDetail['status'])
        "#]],
    );
    check(
        "select N from (select name as n from images) where N = 'x'",
        expect![[r#"
            SELECT n FROM (SELECT name AS n FROM aws.ec2_api.images AS images) WHERE n = 'x'
        "#]],
    );
    check(
        "select X.n, x.m from (select name, region from images) as x(N, M)",
        expect![[r#"
            SELECT x.N, x.M FROM (SELECT name, region FROM aws.ec2_api.images AS images) AS x (N, M)
        "#]],
    );
    check(
        "select 1 from images where name = (select nmae from images)",
        expect![[r#"
            Column: column "nmae" does not exist in aws.ec2_api.images
            hint: Did you mean name?
        "#]],
    );
    check(
        "select \"count(*)\" from (select count(*) from images) x",
        expect![[r#"
            SELECT "count(*)" FROM (SELECT count(*) FROM aws.ec2_api.images AS images) x
        "#]],
    );
    check(
        "select c from (select count(*) as C from images) x",
        expect![[r#"
            SELECT C FROM (SELECT count(*) AS C FROM aws.ec2_api.images AS images) x
        "#]],
    );
    check(
        "select COLUMN1 from (values (1, 'a')) as v",
        expect![[r#"
        SELECT column1 FROM (VALUES (1, 'a')) AS v
    "#]],
    );
    check(
        "select A from (values (1, 'a')) as v(a, b)",
        expect![[r#"
        SELECT a FROM (VALUES (1, 'a')) AS v (a, b)
    "#]],
    );
}

#[test]
fn set_operations() {
    check(
        "select NAME from images union all select REGION from regions order by NAME",
        expect![[r#"
            SELECT name FROM aws.ec2_api.images AS images UNION ALL SELECT region FROM aws.ec2_api.regions AS regions ORDER BY name
        "#]],
    );
    check(
        "select n from (select name as N from images union select region from regions except select 'x') t",
        expect![[r#"
            SELECT N FROM (SELECT name AS N FROM aws.ec2_api.images AS images UNION SELECT region FROM aws.ec2_api.regions AS regions EXCEPT SELECT 'x') t
        "#]],
    );
    check(
        "(select NAME from images limit 1) union (select REGION from regions)",
        expect![[r#"
            (SELECT name FROM aws.ec2_api.images AS images LIMIT 1) UNION (SELECT region FROM aws.ec2_api.regions AS regions)
        "#]],
    );
    check(
        "select name from images union all by name select REGIONENDPOINT from regions order by REGIONendpoint",
        expect![[r#"
            SELECT name FROM aws.ec2_api.images AS images UNION ALL BY NAME SELECT regionEndpoint FROM aws.ec2_api.regions AS regions ORDER BY regionEndpoint
        "#]],
    );
    check(
        "select name from images union all select region from regions order by REGION",
        expect![[r#"
            Column: column "REGION" does not exist
        "#]],
    );
}

#[test]
fn pipes() {
    check(
        "from images i |> where I.name = 'x' and NAME <> 'y' |> extend upper(NAME) as Big |> aggregate count(*) as N group by BIG |> where n > 1",
        expect![[r#"
            SELECT region, imageId, name FROM aws.ec2_api.images i |> WHERE i.name = 'x' AND name <> 'y' |> EXTEND upper(name) AS Big |> AGGREGATE count(*) AS N GROUP BY Big |> WHERE N > 1
        "#]],
    );
    check(
        "from images |> where NAME = 'x' |> select IMAGEID as Id |> order by ID |> limit 1",
        expect![[r#"
            SELECT region, imageId, name FROM aws.ec2_api.images AS images |> WHERE name = 'x' |> SELECT imageId AS Id |> ORDER BY Id |> LIMIT 1
        "#]],
    );
}

#[test]
fn many_terms() {
    let terms = |separator: &str| vec!["NAME = 'x'"; 2000].join(separator);
    for separator in [" OR ", " AND "] {
        let sql = format!("select 1 from images where {}", terms(separator));
        let printed = super::rewritten(&sql).unwrap().to_string();
        assert_eq!(printed.matches("name = 'x'").count(), 2000);
    }
    let sql = format!("select {} from images", vec!["NAME"; 2000].join(" || "));
    assert_eq!(super::rewritten(&sql).unwrap().to_string().matches("name").count(), 2000);
    let sql = vec!["select NAME from images"; 2000].join(" union all ");
    assert_eq!(super::rewritten(&sql).unwrap().to_string().matches("name").count(), 2000);
}
