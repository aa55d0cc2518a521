//! Statements other than queries.

#![expect(clippy::too_many_lines, reason = "a test is a list of cases")]

use super::check;
use expect_test::expect;

#[test]
fn reading() {
    check(
        "explain select NAME from IMAGES",
        expect![[r#"
        EXPLAIN SELECT name FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "explain analyze select NAME from IMAGES",
        expect![[r#"
        EXPLAIN ANALYZE SELECT name FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "describe IMAGES",
        expect![[r#"
        DESCRIBE aws.ec2_api.images
    "#]],
    );
    check(
        "describe imags",
        expect![[r#"
            Relation: relation "imags" does not exist
            hint: Did you mean images?
        "#]],
    );
    check(
        "show columns from Ec2_Api.IMAGES",
        expect![[r#"
        SHOW COLUMNS FROM aws.ec2_api.images
    "#]],
    );
    check(
        "copy (select NAME from IMAGES) to 'x.parquet'",
        expect![[r#"
        COPY (SELECT name FROM aws.ec2_api.images AS images) TO x.parquet
    "#]],
    );
    check(
        "copy IMAGES to 'x.parquet'",
        expect![[r#"
        COPY (SELECT region, imageId, name FROM aws.ec2_api.images AS images) TO x.parquet
    "#]],
    );
    check(
        "copy REGIONS to 'x.parquet'",
        expect![[r#"
        COPY aws.ec2_api.regions TO x.parquet
    "#]],
    );
    check(
        "prepare P as select NAME from images where REGION = $1",
        expect![[r#"
            PREPARE P AS SELECT name FROM aws.ec2_api.images AS images WHERE region = $1
        "#]],
    );
    check(
        "execute P('x')",
        expect![[r#"
        EXECUTE P('x')
    "#]],
    );
    check(
        "set Some.Thing = Other",
        expect![[r#"
        SET Some.Thing = Other
    "#]],
    );
    check(
        "show Some.Thing",
        expect![[r#"
        SHOW Some Thing
    "#]],
    );
}

#[test]
fn writing() {
    check(
        "create view NewView as select * from IMAGES",
        expect![[r#"
            CREATE VIEW NewView AS SELECT region, imageId, name FROM aws.ec2_api.images AS images
        "#]],
    );
    check(
        "create or replace view MYVIEW as select NAME from images",
        expect![[r#"
            CREATE OR REPLACE VIEW aws.ec2_api.MyView AS SELECT name FROM aws.ec2_api.images AS images
        "#]],
    );
    check(
        "drop view if exists MYVIEW, nothing",
        expect![[r#"
        DROP VIEW IF EXISTS aws.ec2_api.MyView, nothing
    "#]],
    );
    check(
        "create table T as select NAME from IMAGES",
        expect![[r#"
        CREATE TABLE T AS SELECT name FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "insert into IMAGES (NAME, REGION) select NAME, 'x' from images",
        expect![[r#"
            INSERT INTO aws.ec2_api.images (name, region) SELECT name, 'x' FROM aws.ec2_api.images AS images
        "#]],
    );
    check(
        "insert into images values ('a', 'b', 'c')",
        expect![[r#"
        INSERT INTO aws.ec2_api.images (region, imageId, name) VALUES ('a', 'b', 'c')
    "#]],
    );
    check(
        "insert into images (nmae) values ('x')",
        expect![[r#"
            Column: column "nmae" does not exist in aws.ec2_api.images
            hint: Did you mean name?
        "#]],
    );
    check(
        "update IMAGES set NAME = upper(NAME) where REGION = 'x'",
        expect![[r#"
            UPDATE aws.ec2_api.images SET name = upper(name) WHERE region = 'x'
        "#]],
    );
    check(
        "insert into regions values (DEFAULT, 'x')",
        expect![[r#"
        INSERT INTO aws.ec2_api.regions VALUES (DEFAULT, 'x')
    "#]],
    );
    check(
        "delete from IMAGES where NAME = 'x'",
        expect![[r#"
        DELETE FROM aws.ec2_api.images WHERE name = 'x'
    "#]],
    );
}
