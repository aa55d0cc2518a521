use std::fs;

use expect_test::{Expect, expect};

use crate::process::Place;

const ROWS: &str = "SELECT * FROM (VALUES (1, 'plain', 0.5), (NULL, '', NULL), (-20, 'a,b \"c\"' || chr(10) || '|d_e', 100.25)) AS t(n, text, x)";

fn check(format: &str, expected: Expect) {
    expected.assert_eq(&Place::new().run(&["-o", format, "-c", ROWS]).to_string());
}

#[test]
fn rows_for_people() {
    check(
        "table",
        expect![[r#"
            n | text          |      x
        ------+---------------+--------
            1 | plain         |    0.5
         NULL |               |   NULL
          -20 | a,b "c"\n|d_e | 100.25
        (3 rows)
        --- exit 0
    "#]],
    );
    check(
        "line",
        expect![[r#"
        -[ 1 ]-
        n    | 1
        text | plain
        x    | 0.5
        -[ 2 ]-
        n    | NULL
        text | 
        x    | NULL
        -[ 3 ]-
        n    | -20
        text | a,b "c"\n|d_e
        x    | 100.25
        (3 rows)
        --- exit 0
    "#]],
    );
    check(
        "markdown",
        expect![[r#"
        | n | text | x |
        | ---: | --- | ---: |
        | 1 | plain | 0.5 |
        | NULL |  | NULL |
        | -20 | a,b "c"<br>\|d_e | 100.25 |
        --- exit 0
    "#]],
    );
}

#[test]
fn rows_for_programs() {
    check(
        "csv",
        expect![[r#"
        n,text,x
        1,plain,0.5
        ,"",
        -20,"a,b ""c""
        |d_e",100.25
        --- exit 0
    "#]],
    );
    check(
        "json",
        expect![[r#"
        [
        {"n":1,"text":"plain","x":0.5},
        {"n":null,"text":"","x":null},
        {"n":-20,"text":"a,b \"c\"\n|d_e","x":100.25}
        ]
        --- exit 0
    "#]],
    );
    check(
        "jsonl",
        expect![[r#"
        {"n":1,"text":"plain","x":0.5}
        {"n":null,"text":"","x":null}
        {"n":-20,"text":"a,b \"c\"\n|d_e","x":100.25}
        --- exit 0
    "#]],
    );
}

#[test]
fn no_rows_are_a_result_too() {
    let shown = |format| Place::new().run(&["-o", format, "-c", "SELECT 1 AS a, 'x' AS b WHERE false"]).stdout;
    expect![[r#"
         a | b
        ---+---
        (0 rows)
    "#]]
    .assert_eq(&shown("table"));
    expect![[r#"
        (0 rows)
    "#]]
    .assert_eq(&shown("line"));
    expect![[r#"
        | a | b |
        | ---: | --- |
    "#]]
    .assert_eq(&shown("markdown"));
    expect![[r#"
        [
        ]
    "#]]
    .assert_eq(&shown("json"));
    assert_eq!(shown("csv"), "a,b\n");
    assert_eq!(shown("jsonl"), "");
}

#[test]
fn headers_can_be_left_out() {
    let shown = |format| Place::new().run(&["-o", format, "--no-header", "-c", "SELECT 1 AS a, 'x' AS b"]).stdout;
    expect![[r#"
         1 | x
        (1 row)
    "#]]
    .assert_eq(&shown("table"));
    expect![[r#"
        |  |  |
        | ---: | --- |
        | 1 | x |
    "#]]
    .assert_eq(&shown("markdown"));
    assert_eq!(shown("csv"), "1,x\n");
}

#[test]
fn several_results_are_told_apart() {
    let shown = |format| Place::new().run(&["-o", format, "-c", "SELECT 1 AS a; SELECT 2 AS b"]).stdout;
    assert_eq!(shown("csv"), "a\n1\n\nb\n2\n");
    assert_eq!(shown("jsonl"), "{\"a\":1}\n{\"b\":2}\n");
    expect![[r#"
        [
        {"a":1}
        ]
        [
        {"b":2}
        ]
    "#]]
    .assert_eq(&shown("json"));
    expect![[r#"
         a
        ---
         1
        (1 row)

         b
        ---
         2
        (1 row)
    "#]]
    .assert_eq(&shown("table"));
}

/// Bytes that a terminal would act on pass through a pipe as they are.
#[test]
fn pipes_get_the_bytes() {
    let sql = "SELECT chr(27) || '[31m' || chr(8238) || 'https://b/k?X-Amz-Signature=1' AS a";
    for format in ["csv", "table", "line", "markdown", "jsonl"] {
        let shown =
            Place::new().run(&["-o", format, "-c", sql]).stdout.replace("\\u001b", "\u{1b}").replace("\\[", "[");
        assert!(shown.contains("\u{1b}[31m\u{202e}https://b/k?X-Amz-Signature=1"), "{format}: {shown:?}");
    }
}

#[test]
fn a_table_in_a_pipe_is_not_cut() {
    let sql = "SELECT repeat('x', 300) AS a, 1 AS b UNION ALL SELECT 'y', 2 ORDER BY b";
    let shown = Place::new().run(&["-o", "table", "-c", sql]).stdout;
    assert!(shown.contains(&"x".repeat(300)), "{shown}");
}

/// O04 at the command line, and the formats by extension.
#[test]
fn files_appear_whole_or_not_at_all() {
    let place = Place::new();
    for (name, starts) in [
        ("a.csv", "n,text,x\n1,"),
        ("a.json", "[\n{\"n\":1"),
        ("a.jsonl", "{\"n\":1"),
        ("a.md", "| n |"),
        ("a.parquet", "PAR1"),
        ("a.arrow", "ARROW1"),
    ] {
        let ended = place.run(&["-O", name, "-c", ROWS]);
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""), "{name}");
        assert!(fs::read(place.path().join(name)).unwrap().starts_with(starts.as_bytes()), "{name}");
    }
    expect![[r#"
        --- stderr
        ERROR 58P02: "a.csv" exists already
        hint: Choose another name, or add --overwrite (in COPY: OPTIONS (OVERWRITE true)).
        --- exit 5
    "#]]
    .assert_eq(&place.run(&["-O", "a.csv", "-c", "SELECT 1 AS b"]).to_string());
    assert_eq!(place.run(&["-O", "a.csv", "--overwrite", "-c", "SELECT 1 AS b"]).code, Some(0));
    assert_eq!(fs::read_to_string(place.path().join("a.csv")).unwrap(), "b\n1\n");
    expect![[r#"
        --- stderr
        ERROR 58P02: "a.csv" exists already
        hint: Choose another name, or add --overwrite (in COPY: OPTIONS (OVERWRITE true)).
        --- exit 5
    "#]]
    .assert_eq(&place.run(&["-c", "COPY (SELECT 1 AS b) TO 'a.csv'"]).to_string());
    expect![[r#"
        --- stderr
        ERROR 42000: the option HEADER of COPY says nothing about json
        hint: Only csv has a header. Leave HEADER out, or write STORED AS CSV.
        --- exit 1
    "#]]
    .assert_eq(&place.run(&["-c", "COPY (SELECT 1 AS b) TO 'b.json' OPTIONS (HEADER false)"]).to_string());
    let sql = "COPY (SELECT 2 AS b) TO 'a.csv' OPTIONS (OVERWRITE true)";
    assert_eq!(place.run(&["-c", sql]).to_string(), "--- exit 0\n");
    assert_eq!(fs::read_to_string(place.path().join("a.csv")).unwrap(), "b\n2\n");
    // A query that fails on its way leaves nothing, not even what was begun.
    let ended = place.run(&["-O", "b.csv", "-c", "SELECT 1 / (n - 20000) FROM generate_series(1, 30000) AS t(n)"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    let names: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
}

#[test]
fn binary_formats_on_standard_output() {
    let bytes = |format| Place::new().command(&["-o", format, "-c", "SELECT 1 AS a"]).output().unwrap().stdout;
    assert!(bytes("parquet").ends_with(b"PAR1"));
    // The stream form begins with a continuation mark, the file form with a magic.
    assert!(bytes("arrow").starts_with(&[0xff; 4]));
}
