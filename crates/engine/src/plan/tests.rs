use datafusion::common::DFSchema;
use datafusion::prelude::{SessionConfig, SessionContext};
use ec2ql_catalog::Catalog;
use expect_test::{Expect, expect};

use super::*;
use crate::schema::table_schema;

fn requests(table: &str, predicate: &str, limit: Option<usize>, settings: &Settings) -> String {
    let table = Catalog::embedded().table("ec2_api", table).unwrap().unwrap();
    let mut config = SessionConfig::new();
    config.options_mut().sql_parser.enable_ident_normalization = false;
    let schema = DFSchema::try_from(table_schema(&table)).unwrap();
    let filter = SessionContext::new_with_config(config).parse_sql_expr(predicate, &schema).unwrap();
    let filters: Vec<Expr> = datafusion::logical_expr::utils::split_conjunction(&filter).into_iter().cloned().collect();
    let said = given(&table, &filters);
    let given = match said {
        Ok(given) => given,
        Err(error) => return format!("error: {}", Error::from(error)),
    };
    let ask =
        Ask { table: &table, filters: &filters, dynamic: &[], limit, settings, given: &given, home_region: "home" };
    let (regions, enabled) = match scope(&ask) {
        Err(error) => return format!("error: {}", Error::from(error)),
        Ok(Regions::Open) => return "not bound".into(),
        Ok(Regions::Bound { named, enabled }) => (named, enabled),
    };
    let mut lines = vec![];
    for region in super::requests(&ask, regions).unwrap() {
        for batch in region.batches() {
            let call = region.call(&table, &batch);
            lines.push(format!("{} {}", call.region, crate::requests::wire_parameters(&call)).trim_end().to_owned());
        }
    }
    lines.extend(enabled.then(|| "enabled regions".to_owned()));
    lines.join("\n")
}

fn check(predicate: &str, expected: Expect) {
    expected.assert_eq(&requests("import_image_tasks", predicate, None, &Settings::default()));
}

#[test]
fn a_region_is_bound_by_every_form_that_names_it() {
    check("region = 'us-east-1'", expect!["us-east-1"]);
    check("'us-east-1' = region", expect!["us-east-1"]);
    check(
        "region IN ('us-east-1', 'eu-west-1')",
        expect![[r#"
        eu-west-1
        us-east-1"#]],
    );
    check(
        "region = 'a' OR region = 'b'",
        expect![[r#"
        a
        b"#]],
    );
    check("region IN ('a', 'b') AND region <> 'b'", expect!["a"]);
    check("region IN ('a', 'b') AND region LIKE 'b%'", expect!["b"]);
    check("region IN ('a', NULL)", expect!["a"]);
    check(
        "(region = 'a' AND status = 'active') OR (region = 'b' AND status = 'deleted')",
        expect![[r#"
        a Filters.1.Name=task-state&Filters.1.Value.1=active
        b Filters.1.Name=task-state&Filters.1.Value.1=deleted"#]],
    );
}

#[test]
fn any_predicate_over_the_region_alone_chooses_among_the_enabled_ones() {
    check("region LIKE 'us-%'", expect!["enabled regions"]);
    check("region <> 'us-east-1'", expect!["enabled regions"]);
    check("region NOT IN ('a', 'b')", expect!["enabled regions"]);
    check("region BETWEEN 'a' AND 'b'", expect!["enabled regions"]);
    check("starts_with(region, 'eu-')", expect!["enabled regions"]);
    check("region ~ '^eu-.*-1$'", expect!["enabled regions"]);
    check("NOT (region = 'a')", expect!["enabled regions"]);
    check("region IS NOT NULL", expect!["enabled regions"]);
    check("upper(region) = 'EU-WEST-1'", expect!["enabled regions"]);
    check(
        "region LIKE 'us-%' OR region = 'eu-west-1'",
        expect![[r#"
        eu-west-1
        enabled regions"#]],
    );
    check("region LIKE 'us-%' AND region IN ('us-east-1', 'eu-west-1')", expect!["us-east-1"]);
    check(
        "(region LIKE 'us-%' AND status = 'active') OR region = 'eu-west-1'",
        expect![[r#"
        eu-west-1
        enabled regions"#]],
    );
}

#[test]
fn what_leaves_a_region_open_does_not_bind() {
    check("status = 'active'", expect!["not bound"]);
    check("region = 'a' OR status = 'active'", expect!["not bound"]);
    check("region LIKE 'a%' OR status = 'active'", expect!["not bound"]);
    check("region = description", expect!["not bound"]);
}

#[test]
fn a_table_that_is_the_same_everywhere_is_read_at_home() {
    let regions = |predicate: &str| requests("regions", predicate, None, &Settings::default());
    assert_eq!(regions("optInStatus = 'opted-in'"), "home Filter.1.Name=opt-in-status&Filter.1.Value.1=opted-in");
    assert_eq!(regions("region = 'eu-west-1'"), "eu-west-1");
}

#[test]
fn request_parameters_are_given_as_predicates() {
    let images = |predicate: &str| requests("images", predicate, Some(5), &Settings::default());
    assert_eq!(images("region = 'a' AND owner = 'self'"), "a Owner.1=self&MaxResults=5");
    assert_eq!(images("region = 'a' AND owner IN ('self', 'amazon')"), "a Owner.1=amazon&Owner.2=self&MaxResults=5");
    assert_eq!(images("region = 'a' AND includeDeprecated"), "a IncludeDeprecated=true&MaxResults=5");
    assert_eq!(images("region = 'a' AND includeDeprecated = false"), "a IncludeDeprecated=false&MaxResults=5");
    for nonsense in [
        "owner <> 'self'",
        "NOT (owner = 'self')",
        "(owner = 'self' OR name = 'x')",
        "owner LIKE 's%'",
        "owner = 'a' AND owner = 'b'",
    ] {
        let answer = images(&format!("region = 'a' AND {nonsense}"));
        assert_eq!(answer, "error: \"owner\" is a request parameter: it is given once, and not compared", "{nonsense}");
    }
}

#[test]
fn a_contradiction_asks_nothing() {
    check("region = 'a' AND region = 'b'", expect![""]);
    check("region = NULL", expect![""]);
    check("region = 'a' AND status = 'active' AND status = 'deleted'", expect![""]);
    check("region = 'a' AND importTaskId = NULL", expect![""]);
    check("region = 'a' AND importTaskId = ''", expect![""]);
    check("region = 'a' AND false", expect![""]);
    check("region = 'a' AND tags['k'] = 'x' AND tags['k'] = 'y'", expect![""]);
}

#[test]
fn ids_become_parameters_and_leave_filters_to_the_engine() {
    check("region = 'a' AND importTaskId = 'import-ami-1'", expect!["a ImportTaskId.1=import-ami-1"]);
    check(
        "region = 'a' AND importTaskId IN ('x', 'y') AND status = 'active'",
        expect!["a ImportTaskId.1=x&ImportTaskId.2=y"],
    );
    check("region = 'a' AND (importTaskId = 'x' OR importTaskId IS NULL)", expect!["a"]);
    check("region = 'a' AND (importTaskId = 'x' OR status = 'active')", expect!["a"]);
    check("region = 'a' AND importTaskId <> 'x'", expect!["a"]);
    check("region = 'a' AND importTaskId LIKE 'x%'", expect!["a"]);
    check(
        "region = 'a' AND importTaskId = 'x&Action=TerminateInstances\n'",
        expect!["a ImportTaskId.1=x%26Action%3DTerminateInstances%0A"],
    );
}

#[test]
fn many_ids_go_in_batches() {
    let list = |count: usize| (0..count).map(|n| format!("'import-ami-{n}'")).collect::<Vec<_>>().join(", ");
    let calls = |count: usize| {
        let predicate = format!("region = 'a' AND importTaskId IN ({})", list(count));
        requests("import_image_tasks", &predicate, None, &Settings::default()).lines().count()
    };
    assert_eq!([1, 200, 201, 401].map(calls), [1, 1, 2, 3]);
}

#[test]
fn filters_are_pushed_only_as_documented() {
    check(
        "region = 'a' AND status IN ('active', 'completed')",
        expect!["a Filters.1.Name=task-state&Filters.1.Value.1=active&Filters.1.Value.2=completed"],
    );
    // `pending` has been seen, but is not among the values that AWS documents for the filter.
    check("region = 'a' AND status IN ('active', 'pending')", expect!["a"]);
    check("region = 'a' AND status = 'Active'", expect!["a"]);
    check("region = 'a' AND status <> 'active'", expect!["a"]);
    check("region = 'a' AND status IS NULL", expect!["a"]);
    check("region = 'a' AND description = 'x'", expect!["a"]);
}

#[test]
fn tags_become_filters_with_their_wildcards_escaped() {
    check("region = 'a' AND tags['wave'] = '7'", expect!["a Filters.1.Name=tag%3Awave&Filters.1.Value.1=7"]);
    check(
        r"region = 'a' AND tags['k'] = '100%*?\'",
        expect![[r"a Filters.1.Name=tag%3Ak&Filters.1.Value.1=100%25%5C%2A%5C%3F%5C%5C"]],
    );
    check(
        "region = 'a' AND tags['k'] IN ('x', 'y')",
        expect!["a Filters.1.Name=tag%3Ak&Filters.1.Value.1=x&Filters.1.Value.2=y"],
    );
    check("region = 'a' AND tags['k'] = ''", expect!["a"]);
    check("region = 'a' AND tags['k*'] = 'x'", expect!["a"]);
    check("region = 'a' AND tags['k'] IS NULL", expect!["a"]);
    check("region = 'a' AND (tags['k'] = 'x' OR status = 'active')", expect!["a"]);
}

#[test]
fn the_session_scopes_what_a_statement_may_ask() {
    let settings = Settings { regions: vec!["us-east-1".into(), "eu-west-1".into()], ..Settings::default() };
    let check = |predicate: &str, expected: Expect| {
        expected.assert_eq(&requests("import_image_tasks", predicate, None, &settings));
    };
    check(
        "status = 'active'",
        expect![[r#"
        eu-west-1 Filters.1.Name=task-state&Filters.1.Value.1=active
        us-east-1 Filters.1.Name=task-state&Filters.1.Value.1=active"#]],
    );
    check("region LIKE 'us-%'", expect!["us-east-1"]);
    check("region <> 'us-east-1'", expect!["eu-west-1"]);
    check(
        "status = 'active' OR region = 'us-east-1'",
        expect![[r#"
        eu-west-1 Filters.1.Name=task-state&Filters.1.Value.1=active
        us-east-1"#]],
    );
    check("region = 'eu-west-1'", expect!["eu-west-1"]);
    check(
        "region = 'ap-south-1'",
        expect![[r#"error: region "ap-south-1" is not among the regions of this session (us-east-1, eu-west-1)"#]],
    );
}

#[test]
fn pushdown_can_be_turned_off() {
    let settings = Settings { pushdown: false, ..Settings::default() };
    let off = |predicate: &str| requests("import_image_tasks", predicate, None, &settings);
    assert_eq!(off("region = 'a' AND status = 'active' AND tags['k'] = 'x'"), "a");
    assert_eq!(off("region = 'a' AND importTaskId = 'x'"), "a");
}

#[test]
fn a_page_is_no_larger_than_a_limit_asks_where_the_range_is_documented() {
    let page = |table: &str, limit| requests(table, "region = 'a'", limit, &Settings::default());
    assert_eq!(page("import_image_tasks", Some(3)), "a");
    assert_eq!(page("snapshots", Some(3)), "a MaxResults=5");
    assert_eq!(page("snapshots", Some(70)), "a MaxResults=70");
    assert_eq!(page("snapshots", Some(100_000)), "a MaxResults=1000");
    assert_eq!(page("snapshots", None), "a MaxResults=1000");
    let set = Settings { page_rows: Some(100), ..Settings::default() };
    assert_eq!(requests("import_image_tasks", "region = 'a'", None, &set), "a MaxResults=100");
    assert_eq!(requests("snapshots", "region = 'a'", Some(7), &set), "a MaxResults=7");
    assert_eq!(requests("snapshots", "region = 'a' AND snapshotId = 'snap-1'", Some(7), &set), "a SnapshotId.1=snap-1");
}

/// The tables of the documentation, line by line: predicate, expectation.
#[test]
fn every_line_of_the_documentation_holds() {
    let documentation = include_str!("../../../../docs/pushdown.md");
    let mut checked = 0;
    let mut section = "";
    for line in documentation.lines() {
        section = line.strip_prefix("## ").unwrap_or(section);
        let Some((predicate, expected)) = line.strip_prefix("| `").and_then(|row| row.split_once("` | ")) else {
            continue;
        };
        let expected = expected.trim_end_matches(" |").trim_matches('`');
        let found = match section {
            "Regions" => asked(&requests("import_image_tasks", predicate, None, &Settings::default())),
            "Ids, filters and tags" => parameters_of("import_image_tasks", predicate),
            "Request parameters" => parameters_of("images", predicate),
            _ => continue,
        };
        assert_eq!(found, expected, "{predicate}");
        checked += 1;
    }
    assert_eq!(checked, 47);
}

fn asked(requests: &str) -> String {
    match requests {
        "" => "nothing".into(),
        "not bound" => "an error".into(),
        lines => lines.lines().map(|line| line.strip_suffix(" regions").unwrap_or(line)).collect::<Vec<_>>().join(", "),
    }
}

fn parameters_of(table: &str, predicate: &str) -> String {
    let found = requests(table, &format!("region = 'us-east-1' AND ({predicate})"), None, &Settings::default());
    match found.strip_prefix("us-east-1") {
        Some("") => "none".into(),
        Some(parameters) => parameters.trim_start().to_owned(),
        None if found.is_empty() => "no request".into(),
        None => "an error".into(),
    }
}
