//! Relations: case, parts, what is not known.

use super::check;
use expect_test::expect;

#[test]
fn parts_and_case() {
    check(
        "select region from IMAGES",
        expect![[r#"
        SELECT region FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select region from EC2_API.Images",
        expect![[r#"
        SELECT region FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select region from AWS.EC2_API.IMAGES",
        expect![[r#"
        SELECT region FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select region from \"images\"",
        expect![[r#"
        SELECT region FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select region from \"Images\"",
        expect![[r#"
            Relation: relation "Images" does not exist
            hint: Did you mean images?
        "#]],
    );
    check(
        "select OPERATION from SYSTEM.requests",
        expect![[r#"
        SELECT operation FROM aws.system.requests AS requests
    "#]],
    );
    check(
        "select OPERATION from requests",
        expect![[r#"
            Relation: relation "requests" does not exist
            hint: Did you mean system.requests?
        "#]],
    );
    check(
        "select * from MYVIEW",
        expect![[r#"
        SELECT * FROM aws.ec2_api.MyView AS MyView
    "#]],
    );
}

#[test]
fn unknown_relations_are_left_to_the_planner() {
    check(
        "select ANY, t.THING from elsewhere.Things t",
        expect![[r#"
        SELECT ANY, t.THING FROM elsewhere.Things t
    "#]],
    );
    check(
        "select * from elsewhere.Things",
        expect![[r#"
        SELECT * FROM elsewhere.Things
    "#]],
    );
    check(
        "select X, t.NAME, T.nope from elsewhere.Things x, images as T",
        expect![[r#"
            SELECT X, T.name, T.nope FROM elsewhere.Things x, aws.ec2_api.images AS T
        "#]],
    );
    check(
        "select VALUE from generate_series(1, 3)",
        expect![[r#"
        SELECT VALUE FROM generate_series(1, 3)
    "#]],
    );
    check(
        "select N, g.n from generate_series(1, 3) as G(N)",
        expect![[r#"
            SELECT N, G.N FROM generate_series(1, 3) AS G (N)
        "#]],
    );
    check(
        "select (select max(VALUE) from elsewhere.x where x.y = NAME) from images",
        expect![[r#"
            SELECT (SELECT max(VALUE) FROM elsewhere.x WHERE elsewhere.x.y = NAME) AS "max(VALUE)" FROM aws.ec2_api.images AS images
        "#]],
    );
}
