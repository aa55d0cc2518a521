use expect_test::{Expect, expect};

use super::{Command, Show, statements};

#[expect(clippy::needless_pass_by_value, reason = "expect![...] reads best as an argument")]
fn check(text: &str, expected: Expect) {
    let read = match statements(text) {
        Ok(statements) => statements.into_iter().map(|statement| line(&statement.0)).collect::<Vec<_>>().join("\n"),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&read);
}

fn line(command: &Command) -> String {
    match command {
        Command::Sql(sql) => sql.to_string(),
        Command::Show(Show { what, extended, place, like }) => {
            let place = place.as_ref().map(ToString::to_string);
            format!("{what:?} extended={extended} place={place:?} like={like:?}")
        }
    }
}

#[test]
fn statements_are_split_by_the_parser() {
    check("", expect![""]);
    check(" ; -- nothing\n;;", expect![""]);
    check(
        "SHOW PROVIDERS; SELECT ';' AS \"a;b\" -- ; no\n; SHOW TABLES IN aws.x LIKE ';';USE vm_import;",
        expect![[r#"
            Providers extended=false place=None like=None
            SELECT ';' AS "a;b"
            Tables extended=false place=Some("aws.x") like=Some(";")
            USE vm_import"#]],
    );
    check(
        "SELECT 1 SELECT 2",
        expect!["sql parser error: Expected: end of statement, found: SELECT at Line: 1, Column: 10"],
    );
    check(
        "SHOW PROVIDERS SELECT 2",
        expect!["sql parser error: Expected: end of statement, found: SELECT at Line: 1, Column: 16"],
    );
    check("SHOW PROVIDERS; SELECT (", expect!["sql parser error: Expected: an expression, found: EOF"]);
}

#[test]
fn show_in_any_order_and_case() {
    check(
        "show extended resources from \"aws\".Ec2_Api like 'im%'",
        expect![[r#"Resources extended=true place=Some("\"aws\".Ec2_Api") like=Some("im%")"#]],
    );
    check(
        "SHOW TABLES LIKE 'x' IN aws.vm_import",
        expect![[r#"Tables extended=false place=Some("aws.vm_import") like=Some("x")"#]],
    );
    check(
        "SHOW RESOURCES IN a IN b",
        expect!["sql parser error: Expected: end of statement, found: IN at Line: 1, Column: 21"],
    );
    check("SHOW METHODS LIKE", expect!["sql parser error: Expected: literal string, found: EOF"]);
    check("SHOW ec2ql.regions", expect!["SHOW ec2ql regions"]);
    check("SHOW \"providers\"", expect![[r#"SHOW "providers""#]]);
    check("DESCRIBE EXTENDED aws.vm_import.tasks", expect!["DESCRIBE EXTENDED aws.vm_import.tasks"]);
}

#[test]
fn lambdas_and_what_the_generic_dialect_has() {
    check(
        "SELECT array_transform(a, x -> x['b'] + 1), b -> 'c' FROM t",
        expect!["SELECT array_transform(a, x -> x['b'] + 1), b -> 'c' FROM t"],
    );
    check(
        "SELECT x.a[1].b, {'k': 1}, a::int, try_cast(b AS int) FROM t WHERE `Quoted` ILIKE 'x' AND a ~ 'b'",
        expect!["SELECT x.a[1].b, {'k': 1}, a::INT, TRY_CAST(b AS INT) FROM t WHERE `Quoted` ILIKE 'x' AND a ~ 'b'"],
    );
    check(
        "SELECT * EXCLUDE (a) FROM t LEFT ANTI JOIN u USING (a) GROUP BY ALL ORDER BY ALL LIMIT 1",
        expect!["SELECT * EXCLUDE (a) FROM t LEFT ANTI JOIN u USING(a) GROUP BY ALL ORDER BY ALL LIMIT 1"],
    );
}

#[test]
fn bounds() {
    let deep = format!("SELECT {}1{}", "(".repeat(100), ")".repeat(100));
    check(&deep, expect!["the statement has too many brackets inside of each other"]);
    check(&"-".repeat((1 << 20) + 1), expect!["the text has 1048577 bytes; 1 MiB is the limit"]);
    statements(&"-".repeat(1 << 20)).unwrap();
}
