//! What is refused, and what is suggested instead.

use super::{check, rewritten};
use crate::names::nearest;
use expect_test::expect;

#[test]
fn unknown_relations() {
    check(
        "select 1 from imagse",
        expect![[r#"
            Relation: relation "imagse" does not exist
            hint: Did you mean images?
        "#]],
    );
    check(
        "select 1 from ec2_api.import_image_task",
        expect![[r#"
            Relation: relation "ec2_api.import_image_task" does not exist
            hint: Did you mean import_image_tasks?
        "#]],
    );
    check(
        "select 1 from zzz",
        expect![[r#"
        Relation: relation "zzz" does not exist
    "#]],
    );
    check(
        "select i.name from images",
        expect![[r#"
            Relation: relation "i" is not in the FROM clause, which has aws.ec2_api.images
        "#]],
    );
    check(
        "select imgs.name from images",
        expect![[r#"
            Relation: relation "imgs" is not in the FROM clause, which has aws.ec2_api.images
        "#]],
    );
    check(
        "with wave as (select 1) select 1 from wvae",
        expect![[r#"
            Relation: relation "wvae" does not exist
            hint: Did you mean wave?
        "#]],
    );
}

#[test]
fn unknown_columns() {
    check(
        "select nmae from images",
        expect![[r#"
            Column: column "nmae" does not exist in aws.ec2_api.images
            hint: Did you mean name?
        "#]],
    );
    check(
        "select import_task_id from import_image_tasks",
        expect![[r#"
            Column: column "import_task_id" does not exist in aws.ec2_api.import_image_tasks
            hint: Did you mean importTaskId?
        "#]],
    );
    check(
        "select t.progres from import_image_tasks t",
        expect![[r#"
            Column: column "t.progres" does not exist in t
            hint: Did you mean t.progress?
        "#]],
    );
    check(
        "select nothing_like_it from images i join regions r on i.region = r.region",
        expect![[r#"
            Column: column "nothing_like_it" does not exist in i, r
        "#]],
    );
    check(
        "select x",
        expect![[r#"
        Column: column "x" does not exist
    "#]],
    );
    check(
        "select snapshottaskdetial.progress from import_snapshot_tasks",
        expect![[r#"
            Column: column "snapshottaskdetial.progress" does not exist in aws.ec2_api.import_snapshot_tasks
            hint: Did you mean snapshotTaskDetail?
        "#]],
    );
    check(
        "select title from images order by nmae",
        expect![[r#"
            Column: column "title" does not exist in aws.ec2_api.images
        "#]],
    );
    check(
        "select name from images order by nmae",
        expect![[r#"
            Column: column "nmae" does not exist in aws.ec2_api.images
            hint: Did you mean name?
        "#]],
    );
}

#[test]
fn ambiguous_names() {
    check(
        "select ID from (select 1 as \"Id\", 2 as \"iD\") t",
        expect![[r#"
            Ambiguous: name "ID" is ambiguous
            hint: Write "Id" or "iD".
        "#]],
    );
    check(
        "select \"Id\", id from (select 1 as \"Id\", 2 as id) t",
        expect![[r#"
            SELECT "Id", id FROM (SELECT 1 AS "Id", 2 AS id) t
        "#]],
    );
    check(
        "select images.region from ec2_api.images, aws.ec2_api.images",
        expect![[r#"
            Ambiguous: name "images" is ambiguous
            hint: Write aws.ec2_api.images.
        "#]],
    );
    check(
        "select t.NAME from images t, images \"T\"",
        expect![[r#"
        SELECT t.name FROM aws.ec2_api.images t, aws.ec2_api.images "T"
    "#]],
    );
}

#[test]
fn position_is_where_the_name_stands() {
    let error = rewritten("select name,\n  nmae from images").unwrap_err();
    assert_eq!(error.position, Some((2, 3)));
    assert_eq!(error.looked_at, ["aws.ec2_api.images"]);
    assert_eq!(error.candidates, ["name"]);
}

#[test]
fn nearest_names() {
    let names = ["importTaskId", "status", "statusMessage", "region", "regions"];
    let near = |name| nearest(name, names).join(" ");
    expect!["importTaskId"].assert_eq(&near("IMPORT_TASK_ID"));
    expect!["region"].assert_eq(&near("regin"));
    expect!["status"].assert_eq(&near("statsu"));
    expect!["status statusMessage"].assert_eq(&near("stat"));
    expect![[""]].assert_eq(&near("zone"));
    expect![[""]].assert_eq(&nearest("", names).join(" "));
    let many = (0..9).map(|index| format!("name{index}"));
    expect!["name0 name1 name2"].assert_eq(&nearest("name", many).join(" "));
}
