use expect_test::{Expect, expect};

use crate::process::Place;
use crate::standin::StandIn;

fn check(arguments: &[&str], expected: Expect) {
    let place = Place::new();
    let shown = place.run(arguments).to_string();
    let lines = shown.split('\n').map(|line| if line.starts_with("Time: ") { "Time: ... s" } else { line });
    expected.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn help_and_version_are_no_errors() {
    check(
        &["--version"],
        expect![[r#"
        ec2ql 0.1.0
        --- exit 0
    "#]],
    );
    check(
        &["--help"],
        expect![[r#"
            SQL over the EC2 API, VM Import/Export first.

            Usage: ec2ql [OPTIONS]

            Options:
              -c, --command <SQL>       Run SQL and leave; several statements are separated by `;`, and the
                                        option may be repeated
              -f, --file <FILE>         Run the SQL of a file and leave; `-` is standard input
              -o, --output <FORMAT>     How rows are written: table, line, csv, json, jsonl, markdown, parquet,
                                        arrow (default: table on a terminal, else csv)
              -O, --out-file <PATH>     Write the rows of the one result to a file; its extension says the
                                        format unless -o does
                  --overwrite           Let --out-file replace an existing file
                  --region <LIST>       The regions that are asked when a statement names none, and the only
                                        ones it may name
                  --profile <NAME>      The profile of the AWS configuration to use, before any credentials in
                                        the environment
                  --endpoint-url <URL>  Ask this endpoint instead of AWS's, for every region
                  --demo                Use the embedded endpoint with its made-up data; no account, no network
                  --dry-run             Only ask AWS whether the requests of each statement are allowed: one row
                                        per region and operation
                  --timing              Say on standard error how long each statement took
                  --no-header           Leave out the column names (csv, table, markdown)
                  --timeout <TIME>      Stop a statement that takes longer: 30s, 10m, 1h; a number alone is
                                        seconds, and 0 is no limit
                  --compression <WHEN>  Whether answers come compressed: on, off, or auto, from endpoints that
                                        are not on this machine (default: auto)
              -v, --verbose             Say on standard error what is asked, and what it took
              -h, --help                Print help
              -V, --version             Print version

            Examples:
              ec2ql
                  The shell. \? lists its commands.
              ec2ql --demo -c "SELECT importTaskId, progress FROM import_image_tasks WHERE region = 'us-east-1'"
                  A first look: an embedded endpoint with made-up data, no account needed.
              ec2ql --profile prod --region us-east-1,eu-west-1 -c "SELECT region, count(*) FROM images GROUP BY
              region"
                  Two regions of an account, read at once.
              ec2ql -c "SELECT * FROM snapshots WHERE region = 'eu-west-1'" -O snapshots.parquet
                  Into a file that appears whole or not at all.
              ec2ql -o json < report.sql | jq length
                  SQL on standard input, rows on standard output.

            Exit codes:
              0 done, 1 wrong SQL or arguments, 4 AWS, network or credentials, 5 output, 7 a limit or time-out,
              130 interrupted, 143 terminated, 141 the reader of standard output went away.
            --- exit 0
        "#]],
    );
}

#[test]
fn wrong_arguments_end_with_1() {
    check(
        &["--nope"],
        expect![[r#"
        --- stderr
        error: unexpected argument '--nope' found

        Usage: ec2ql [OPTIONS]

        For more information, try '--help'.
        --- exit 1
    "#]],
    );
    check(
        &["-o", "xml", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        error: invalid value 'xml' for '--output <FORMAT>': the formats are table, line, csv, json, jsonl, markdown, parquet and arrow

        For more information, try '--help'.
        --- exit 1
    "#]],
    );
    check(
        &["--demo", "--profile", "x", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        error: the argument '--demo' cannot be used with '--profile <NAME>'

        Usage: ec2ql --demo --command <SQL>

        For more information, try '--help'.
        --- exit 1
    "#]],
    );
    check(
        &["--demo", "--endpoint-url", "http://127.0.0.1", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        error: the argument '--demo' cannot be used with '--endpoint-url <URL>'

        Usage: ec2ql --demo --command <SQL>

        For more information, try '--help'.
        --- exit 1
    "#]],
    );
    check(
        &["--endpoint-url", "nowhere", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        error: invalid value 'nowhere' for '--endpoint-url <URL>': relative URL without a base

        For more information, try '--help'.
        --- exit 1
    "#]],
    );
    check(
        &["--overwrite", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        error: the following required arguments were not provided:
          --out-file <PATH>

        Usage: ec2ql --out-file <PATH> --overwrite --command <SQL>

        For more information, try '--help'.
        --- exit 1
    "#]],
    );
}

#[test]
fn arguments_that_contradict_each_other_end_with_1() {
    check(
        &["-c", "SELECT 1", "-f", "x.sql"],
        expect![[r#"
        --- stderr
        error: the argument '--command <SQL>' cannot be used with '--file <FILE>'

        Usage: ec2ql --command <SQL>

        For more information, try '--help'.
        --- exit 1
    "#]],
    );
    check(
        &["-O", "rows.txt", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        error: "rows.txt" does not say its format: end it in .csv, .json, .jsonl, .parquet or .arrow, or add -o

        Usage: ec2ql [OPTIONS]

        For more information, try '--help'.
        --- exit 1
    "#]],
    );
    check(
        &["-f", "missing.sql"],
        expect![[r#"
            --- stderr
            ERROR 58P01: cannot read "missing.sql"
            detail: No such file or directory (os error 2)
            --- exit 5
        "#]],
    );
    check(
        &["--timeout", "soon", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        ERROR 22023: setting "ec2ql.statement_timeout" cannot be "soon": it is a time such as '30s', '10m' or '1h'
        --- exit 1
    "#]],
    );
    check(
        &["--region", "us-esat-1", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        ERROR 22023: there is no region "us-esat-1"
        hint: Did you mean us-east-1, us-west-1, us-east-2?
        --- exit 1
    "#]],
    );
}

#[test]
fn unsafe_endpoints_are_refused() {
    check(
        &["--endpoint-url", "http://ec2.example.com/", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        ERROR 08000: the endpoint http://ec2.example.com cannot be used: plain http is accepted for loopback only
        --- exit 1
    "#]],
    );
    check(
        &["--endpoint-url", "https://user:CAN%41RY@example.com/", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        ERROR 08000: the endpoint https://example.com cannot be used: it holds a user name or password
        --- exit 1
    "#]],
    );
    check(
        &["--endpoint-url", "http://169.254.169.254/", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        ERROR 08000: the endpoint http://169.254.169.254 cannot be used: its address is link-local
        --- exit 1
    "#]],
    );
}

#[test]
fn compressed_answers_are_asked_for_as_said() {
    for (arguments, expected) in
        [(&[][..], None), (&["--compression", "off"], None), (&["--compression", "on"], Some("gzip"))]
    {
        let ec2 = StandIn::ec2();
        let place = Place::new()
            .set("AWS_ENDPOINT_URL_EC2", &ec2.url)
            .set("AWS_ACCESS_KEY_ID", "AKIAENV")
            .set("AWS_SECRET_ACCESS_KEY", "CANARY");
        let sql = ["-c", "SELECT imageId FROM images WHERE region = 'eu-west-1'"];
        let ended = place.run(&[arguments, &sql].concat());
        assert_eq!(ended.code, Some(0), "{ended}");
        let [request] = ec2.seen().try_into().unwrap();
        assert_eq!(request.header("accept-encoding"), expected, "{arguments:?}");
    }
    check(
        &["--compression", "gzip", "-c", "SELECT 1"],
        expect![[r#"
        --- stderr
        ERROR 22023: setting "ec2ql.compression" cannot be "gzip": it is auto, on or off
        --- exit 1
    "#]],
    );
}

#[test]
fn sql_comes_from_arguments_files_and_standard_input() {
    check(
        &["-c", "SELECT 1 AS a", "-c", "SELECT 2 AS b; SELECT 3 AS c"],
        expect![[r#"
        a
        1

        b
        2

        c
        3
        --- exit 0
    "#]],
    );
    let place =
        Place::new().file("two.sql", "\u{feff}-- a comment; with a semicolon\nSELECT ';' AS a;\n\nSELECT 2 AS b");
    expect![[r#"
        a
        ;

        b
        2
        --- exit 0
    "#]]
    .assert_eq(&place.run(&["-f", "two.sql"]).to_string());
    for arguments in [&[][..], &["-f", "-"][..]] {
        let file = std::fs::File::open(place.path().join("two.sql")).unwrap();
        let output = place.command(arguments).stdin(file).output().unwrap();
        assert_eq!(output.stdout, b"a\n;\n\nb\n2\n");
    }
}

#[test]
fn nothing_to_run_is_nothing_printed() {
    check(
        &["-c", ""],
        expect![[r#"
        --- exit 0
    "#]],
    );
    check(
        &["-c", " ;; -- only a comment"],
        expect![[r#"
        --- exit 0
    "#]],
    );
}

#[test]
fn all_statements_are_parsed_before_the_first_runs() {
    check(
        &["-c", "SELECT 1 AS a", "-c", "SELEC 2"],
        expect![[r#"
        --- stderr
        ERROR 42601: sql parser error: Expected: an SQL statement, found: SELEC at Line: 1, Column: 1
        --- exit 1
    "#]],
    );
    let place = Place::new().file("latin.sql", "x");
    std::fs::write(place.path().join("latin.sql"), b"SELECT '\xe4'").unwrap();
    expect![[r#"
        --- stderr
        ERROR 42000: "latin.sql" is not UTF-8
        --- exit 1
    "#]]
    .assert_eq(&place.run(&["-f", "latin.sql"]).to_string());
    std::fs::write(place.path().join("long.sql"), "-".repeat(1024 * 1024 + 1)).unwrap();
    expect![[r#"
        --- stderr
        ERROR 42000: the text has 1048577 bytes; 1 MiB is the limit
        --- exit 1
    "#]]
    .assert_eq(&place.run(&["-f", "long.sql"]).to_string());
}

#[test]
fn the_first_failure_is_the_end() {
    check(
        &["-c", "SELECT 1 AS a; SELECT * FROM nowhere; SELECT 2 AS b"],
        expect![[r#"
        a
        1
        --- stderr
        ERROR 42P01: relation "nowhere" does not exist
        --- exit 1
    "#]],
    );
}

#[test]
fn an_export_wants_one_result() {
    check(
        &["-O", "a.csv", "-c", "SELECT 1; SELECT 2"],
        expect![[r#"
        --- stderr
        ERROR 42000: --out-file "a.csv" wants exactly one result, and the statements give 2
        hint: Run them one by one, or write COPY (SELECT ...) TO 'file'.
        --- exit 1
    "#]],
    );
    check(
        &["-O", "a.csv", "-c", "SET ec2ql.pushdown = off"],
        expect![[r#"
        --- stderr
        ERROR 42000: --out-file "a.csv" wants exactly one result, and the statements give 0
        hint: Run them one by one, or write COPY (SELECT ...) TO 'file'.
        --- exit 1
    "#]],
    );
    check(
        &["-o", "parquet", "-c", "SELECT 1; SELECT 2"],
        expect![[r#"
        --- stderr
        ERROR 42000: parquet on standard output wants exactly one result, and the statements give 2
        hint: Run them one by one, or write COPY (SELECT ...) TO 'file'.
        --- exit 1
    "#]],
    );
    check(
        &["-O", "a.csv", "-c", "SET ec2ql.pushdown = off; SELECT 1 AS a"],
        expect![[r#"
        --- exit 0
    "#]],
    );
}

#[test]
fn verbose_says_whom_it_asks() {
    check(
        &["-v", "--timing", "-c", "SET ec2ql.pushdown = off; SELECT 1 AS a"],
        expect![[r#"
        a
        1
        --- stderr
        profile:     default
        credentials: not looked for yet
        regions:     named by each statement
        endpoint:    https://ec2.us-east-1.amazonaws.com/ and its like
        -- 0 pages, 0 rows, 0 bytes of XML
        Time: ... s
        SET
        -- 0 pages, 0 rows, 0 bytes of XML
        Time: ... s
        --- exit 0
    "#]],
    );
}
