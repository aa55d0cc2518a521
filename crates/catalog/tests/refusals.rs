//! What the loader refuses, and how it says so.

#![expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]

use ec2ql_catalog::Catalog;
use expect_test::{Expect, expect};

const PATH: &str = "aws/ec2_api/widgets.toml";

const GOOD: &str = r#"description = "All widgets."
source = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeWidgets.html"
operation = "DescribeWidgets"
rows = "boxSet/item/widgetSet/item"
page_rows = [5, 1000]
examples = ["SELECT * FROM aws.ec2_api.widgets WHERE region = 'us-east-1'"]

[columns]
boxId = { type = "text", wire = "../boxId", description = "The box's id." }
widgetId = { type = "text", id = "WidgetId", description = "The widget's id." }
state = { type = "text", filter = "state", description = "State of the widget." }
partSet = { type = "list<struct>", description = "The parts, one element each." }
"partSet.size" = "int64"
"partSet.url" = { type = "text", sensitive = true }

[parameters]
"WidgetId.N" = "list<text>"
MaxResults = "page-rows"

[filters]
state = ["new", "old"]
"#;

/// What the loader says of the good file after each of the edits: the one occurrence of the first
/// text becomes the second.
#[expect(clippy::needless_pass_by_value, reason = "expect![...] reads best as an argument")]
fn check(edits: &[(&str, &str)], expected: Expect) {
    let edited = edits.iter().map(|(old, new)| {
        assert_eq!(GOOD.matches(old).count(), 1, "{old}");
        load(PATH, GOOD.replace(old, new))
    });
    expected.assert_eq(&edited.collect::<String>());
}

/// The same, with each of the lines added below the columns of the good file.
fn check_columns(lines: &[&str], expected: Expect) {
    let edits: Vec<String> = lines.iter().map(|line| format!("{line}\n\n[parameters]")).collect();
    let edits: Vec<_> = edits.iter().map(|new| ("\n[parameters]", new.as_str())).collect();
    check(&edits, expected);
}

fn load(path: &str, text: String) -> String {
    let catalog = Catalog::from_files([(path.to_owned(), text)]);
    match catalog.and_then(|catalog| catalog.table("ec2_api", "widgets").unwrap()) {
        Ok(table) => format!("{} has {} columns\n", table.name, table.columns.len()),
        Err(error) => format!("{}\n", error.to_string().replace(PATH, "…")),
    }
}

#[test]
fn the_good_file_is_good() {
    check(
        &[("All widgets.", "All widgets.")],
        expect![[r#"
        aws.ec2_api.widgets has 4 columns
    "#]],
    );
}

#[test]
fn paths_are_sql_names() {
    let paths = [
        "widgets.toml",
        "aws/widgets.toml",
        "aws/ec2_api/x/widgets.toml",
        "aws/ec2_api/widgets.tml",
        "gcp/ec2_api/widgets.toml",
        "aws/ec2_api/Widgets.toml",
        "aws/ec2_api/2_widgets.toml",
        "aws/system/widgets.toml",
        "aws/ec2_api/select.toml",
    ];
    let refused = paths.map(|path| load(path, GOOD.to_owned())).concat();
    expect![[r#"
        widgets.toml:1:1: a table file is aws/<schema>/<table>.toml
        aws/widgets.toml:1:1: there is no table in aws/widgets/
        aws/ec2_api/x/widgets.toml:1:1: a table file is aws/<schema>/<table>.toml
        aws/ec2_api/widgets.tml:1:1: a table file is aws/<schema>/<table>.toml
        gcp/ec2_api/widgets.toml:1:1: a table file is aws/<schema>/<table>.toml
        aws/ec2_api/Widgets.toml:1:1: "Widgets" is not snake_case: lower-case letters, digits and _
        aws/ec2_api/2_widgets.toml:1:1: "2_widgets" is not snake_case: lower-case letters, digits and _
        aws/system/widgets.toml:1:1: the schema "system" is reserved
        aws/ec2_api/select.toml:1:1: "select" is a word of SQL and reserved
    "#]]
    .assert_eq(&refused);
}

#[test]
fn a_table_comes_once() {
    let file = (PATH.to_owned(), GOOD.to_owned());
    let error = Catalog::from_files([file.clone(), file]).unwrap_err();
    assert_eq!((error.path(), error.line(), error.column()), (PATH, 1, 1));
    assert_eq!(error.reason(), "the table aws.ec2_api.widgets comes twice");
}

#[test]
fn toml_faults_have_a_place() {
    let edits =
        [("[columns]", "[columns"), ("operation = ", "description = "), ("state = { type", "widgetId = { type")];
    check(
        &edits,
        expect![[r#"
        …:8:9: unclosed table, expected `]`
        …:3:1: duplicate key: description
        …:11:1: duplicate key: widgetId
    "#]],
    );
}

#[test]
fn unknown_and_missing_keys() {
    let edits = [
        ("page_rows", "pagerows"),
        ("sensitive = true", "secret = true"),
        ("filter = \"state\"", "filters = \"state\""),
        ("MaxResults = \"page-rows\"", "MaxResults = { type = \"page-rows\", optional = true }"),
        ("operation = \"DescribeWidgets\"\n", ""),
        ("type = \"text\", id", "id"),
        ("\"page-rows\"", "{ required = true }"),
        (", description = \"State of the widget.\"", ""),
    ];
    check(
        &edits,
        expect![[r#"
            …:5:1: unknown key "pagerows"; known are description, notes, source, operation, rows, wrapper, omit, any_region, page_rows, not_found, examples, columns, parameters, filters
            …:14:34: unknown key "secret"; known are type, description, sensitive, wire
            …:11:26: unknown key "filters"; known are type, description, id, listed, filter, sensitive, wire
            …:18:36: unknown key "optional"; known are type, required, max, description
            …:1:1: the key "operation" is missing
            …:10:12: the key "type" is missing
            …:18:14: the key "type" is missing
            …:11:9: the key "description" is missing
        "#]],
    );
}

#[test]
fn texts_are_sentences() {
    let long = format!("{}.", "w".repeat(300));
    let edits = [
        ("All widgets.", "All widgets"),
        ("All widgets.", ""),
        ("All widgets.", " All widgets."),
        ("All widgets.", "All\\nwidgets."),
        ("All widgets.", &long),
        ("'us-east-1'", "\\n'us-east-1'"),
        ("State of the widget.", "State of the widget"),
        ("operation = ", "notes = [\"Fine.\", \"Not fine\"]\noperation = "),
    ];
    check(
        &edits,
        expect![[r#"
            …:1:15: the text does not end with a full stop
            …:1:15: the description is missing
            …:1:15: the text has blanks at an end
            …:1:15: "description" has a line break or a control character
            …:1:15: the text is longer than 300 bytes
            …:6:13: "examples" has a line break or a control character
            …:11:58: the text does not end with a full stop
            …:3:19: the text does not end with a full stop
        "#]],
    );
    let lines = [
        "size = \"int32\"",
        "a = { type = \"text\", listed = true, description = \"Text.\" }",
        "\"partSet.x\" = { type = \"text\", description = \"No stop\" }",
    ];
    check_columns(
        &lines,
        expect![[r#"
            …:15:1: "size" has no description: write { type = ..., description = ... }
            …:15:1: "a" is listed, and has no id that could find more
            …:15:46: the text does not end with a full stop
        "#]],
    );
}

#[test]
fn values_have_their_kind() {
    let edits = [
        ("\"All widgets.\"", "7"),
        ("sensitive = true", "sensitive = \"yes\""),
        ("[\"new\", \"old\"]", "\"new\""),
        ("[\"new\", \"old\"]", "[\"new\", 7]"),
        ("[5, 1000]", "[1000, 5]"),
        ("[5, 1000]", "[0, 5]"),
        ("[5, 1000]", "1000"),
        ("https://docs.aws", "http://docs.aws"),
        ("\"DescribeWidgets\"", "\"Describe Widgets\""),
        ("boxSet/item/widgetSet/item", "boxSet/widgetSet/item"),
        ("boxSet/item/widgetSet/item", ""),
        ("\"list<text>\"", "{ type = \"list<text>\", max = -1 }"),
    ];
    check(
        &edits,
        expect![[r#"
        …:1:15: "description" is not a text
        …:14:46: "sensitive" is not true or false
        …:21:9: "state" is not a list of texts
        …:21:17: "state" is not a text
        …:5:13: page_rows is not the least and the greatest number of rows on a page, such as [5, 1000]
        …:5:13: page_rows is not the least and the greatest number of rows on a page, such as [5, 1000]
        …:5:13: page_rows is not the least and the greatest number of rows on a page, such as [5, 1000]
        …:2:10: "http://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeWidgets.html" is not a page of https://docs.aws.amazon.com/
        …:3:13: "Describe Widgets" is not a name of letters, digits and _
        …:4:8: "boxSet/widgetSet/item" is not a path of lists and their items, such as imagesSet/item
        …:4:8: "" is not a path of lists and their items, such as imagesSet/item
        …:17:45: "max" is not a whole number
    "#]],
    );
}

#[test]
fn types_are_known() {
    let lines = [
        "size = { type = \"int\", description = \"Size in bytes.\" }",
        "size = { type = \"list<position>\", description = \"Size in bytes.\" }",
        "\"partSet.place\" = \"position\"",
    ];
    check_columns(
        &lines,
        expect![[r#"
        …:15:17: "int" is not a type; known are text, boolean, int32, int64, float64, timestamp, binary, position, struct, list<...>
        …:15:17: "list<position>" is not a type; known are text, boolean, int32, int64, float64, timestamp, binary, position, struct, list<...>
        …:15:19: "position" is a type for columns only
    "#]],
    );
    check(
        &[("\"page-rows\"", "\"page\"")],
        expect![[r#"
        …:18:14: "page" is not a type of parameters; known are text, boolean, integer, timestamp, list<text>, filters, token, page-rows
    "#]],
    );
}

#[test]
fn positions_have_a_parent_and_no_element() {
    let place = "place = { type = \"position\", description = \"Place, from 1.\" }";
    check_columns(
        &[place, &place.replace(", desc", ", wire = \"place\", desc")],
        expect![[r#"
        aws.ec2_api.widgets has 5 columns
        …:15:37: "place" cannot be the element of a position: it has none
    "#]],
    );
    let flat = GOOD.replace("boxSet/item/", "").replace("wire = \"../boxId\", ", "");
    let flat = flat.replace("[parameters]", &format!("{place}\n\n[parameters]"));
    expect![[r#"
        …:16:1: "place" is a position, but the rows have no parent
    "#]]
    .assert_eq(&load(PATH, flat));
}

#[test]
fn names_are_free_and_distinct() {
    let text = "= { type = \"text\", description = \"Text.\" }";
    let reserved = ["region", "Region", "tags", "profile", "accountid", "WidgetID", "\"a-b\""];
    let lines: Vec<String> = reserved.iter().map(|name| format!("{name} {text}")).collect();
    check_columns(
        &lines.iter().map(String::as_str).collect::<Vec<_>>(),
        expect![[r#"
        …:15:1: "region" is reserved: every table may have a column "region" of the engine
        …:15:1: "Region" is reserved: every table may have a column "region" of the engine
        …:15:1: "tags" is reserved: every table may have a column "tags" of the engine
        …:15:1: "profile" is reserved: every table may have a column "profile" of the engine
        …:15:1: "accountid" is reserved: every table may have a column "accountId" of the engine
        …:15:1: "WidgetID" differs from "widgetId" only by case
        …:15:1: "a-b" is not a name of letters, digits and _
    "#]],
    );
    let lines = [
        "\"partSet.Size\" = \"int64\"",
        "other = { type = \"text\", wire = \"state\", description = \"Text.\" }",
        "\"partSet.other\" = { type = \"int64\", wire = \"size\" }",
    ];
    check_columns(
        &lines,
        expect![[r#"
        …:15:1: "partSet.Size" differs from "size" only by case
        …:15:1: "other" reads the same element as "state"
        …:15:1: "partSet.other" reads the same element as "size"
    "#]],
    );
    check(
        &[("MaxResults =", "WidgetId = \"text\"\nMaxResults =")],
        expect![[r#"
        …:18:1: "WidgetId" differs from "WidgetId" only by case or .N
    "#]],
    );
}

#[test]
fn nested_fields_have_parents() {
    let lines = [
        "\"nothing.x\" = \"text\"",
        "\"state.x\" = \"text\"",
        "\"partSet.a.b\" = \"text\"",
        "partSet.a = \"text\"",
        "\"partSet.a\" = \"struct\"",
        "size = { type = \"list<struct>\", description = \"Sizes.\" }",
    ];
    check_columns(
        &lines,
        expect![[r#"
        …:15:1: "nothing.x" has no parent: declare the struct that holds it above
        …:15:1: "state.x" has no parent: declare the struct that holds it above
        …:15:1: "partSet.a.b" has no parent: declare the struct that holds it above
        …:15:1: cannot extend value of type inline table with a dotted key: partSet
        …:12:1: the struct "partSet.a" has no field
        …:15:1: the struct "size" has no field
    "#]],
    );
}

#[test]
fn elements_are_named_within_the_rows() {
    let edits = [("\"../boxId\"", "\"../../boxId\""), ("\"../boxId\"", "\"../box/id\""), ("\"../boxId\"", "\"../\"")];
    check(
        &edits,
        expect![[r#"
        …:9:33: "../../boxId" climbs above the rows' outermost list
        …:9:33: "../box/id" is not the name of an element
        …:9:33: "../" is not the name of an element
    "#]],
    );
}

#[test]
fn pushdown_names_what_is_declared() {
    let edits = [
        ("id = \"WidgetId\"", "id = \"BoxId\""),
        ("id = \"WidgetId\"", "id = \"MaxResults\""),
        ("filter = \"state\"", "filter = \"status\""),
        ("MaxResults = \"page-rows\"\n", ""),
        ("\"WidgetId.N\"", "\"WidgetId\""),
        ("MaxResults =", "\"MaxResults.N\" ="),
        ("state = [", "\"a b\" = ["),
    ];
    check(
        &edits,
        expect![[r#"
        …:10:34: "BoxId" is not a parameter of the type "list<text>" in this file
        …:10:34: "MaxResults" is not a parameter of the type "list<text>" in this file
        …:11:35: "status" is not a filter in this file
        …:5:13: page_rows needs a parameter of the type "page-rows"
        …:17:1: "WidgetId" must end in .N if it is a list, and only then
        …:18:1: "MaxResults.N" must end in .N if it is a list, and only then
        …:21:1: "a b" is not the name of a filter
    "#]],
    );
    check_columns(
        &["size = { type = \"int32\", filter = \"state\", description = \"Size.\" }"],
        expect![[r#"
        …:15:35: "state" needs a column of the type "text"
    "#]],
    );
}

#[test]
fn examples_query_the_table() {
    let examples = "examples = [\"SELECT * FROM aws.ec2_api.widgets WHERE region = 'us-east-1'\"]";
    check(
        &[("aws.ec2_api.widgets", "widgets"), (examples, "examples = []"), (examples, "")],
        expect![[r#"
        …:6:13: "SELECT * FROM widgets WHERE region = 'us-east-1'" does not query aws.ec2_api.widgets
        …:1:1: the file has no example query
        …:1:1: the file has no example query
    "#]],
    );
}

const VIEW: &str = r#"description = "All widgets."
examples = ["SELECT * FROM aws.ec2_api.widgets WHERE region = 'us-east-1'"]
query = """
SELECT widgetId AS id FROM aws.ec2_api.boxes
"""

[columns]
id = { type = "text", description = "The widget's id." }
"#;

#[test]
fn views() {
    let edits = [
        ("description = \"All widgets.\"\n", ""),
        ("query = \"\"\"", "operation = \"DescribeWidgets\"\nquery = \"\"\""),
        ("SELECT widgetId", "DELETE widgetId"),
        ("aws.ec2_api.boxes\n", "aws.ec2_api.boxes;\n"),
        ("aws.ec2_api.boxes\n", "aws.ec2_api.boxes\\u0007\n"),
        ("FROM aws.ec2_api.widgets", "FROM aws.ec2_api.gadgets"),
        ("\"text\", desc", "\"struct\", desc"),
        ("type = \"text\", ", "type = \"list<list>\", "),
        ("type = \"text\", ", ""),
        ("{ type = \"text\", description = \"The widget's id.\" }", "\"text\""),
        ("The widget's id.", "The widget's id"),
        ("id = {", "\"i.d\" = {"),
        ("id = {", "ID = { type = \"text\", description = \"Twice.\" }\nid = {"),
        ("id = { type = \"text\", description = \"The widget's id.\" }", ""),
    ];
    let edited = edits.iter().map(|(old, new)| {
        assert_eq!(VIEW.matches(old).count(), 1, "{old}");
        let catalog = Catalog::from_files([(PATH.to_owned(), VIEW.replace(old, new))]).unwrap();
        let view = catalog.view("ec2_api", "widgets").unwrap();
        format!("{}\n", view.map_err(|error| error.to_string().replace(PATH, "…")).unwrap_err())
    });
    expect![[r#"
        …:1:1: the key "description" is missing
        …:3:1: unknown key "operation"; known are description, notes, examples, query, columns
        …:3:9: the query does not begin with SELECT or WITH
        …:3:9: the query ends with a semicolon
        …:3:9: "query" has a line break or a control character
        …:2:13: "SELECT * FROM aws.ec2_api.gadgets WHERE region = 'us-east-1'" does not query aws.ec2_api.widgets
        …:8:15: "struct" is not a type of a view; known are text, boolean, int32, int64, float64, timestamp, binary, map<text, text>, list<...>
        …:8:15: "list<list>" is not a type of a view; known are text, boolean, int32, int64, float64, timestamp, binary, map<text, text>, list<...>
        …:8:6: the key "type" is missing
        …:8:1: "id" has no description: write { type = ..., description = ... }
        …:8:37: the text does not end with a full stop
        …:8:1: "i.d" is not a name of letters, digits and _
        …:9:1: "id" differs from "ID" only by case
        …:1:1: the view has no column
    "#]].assert_eq(&edited.collect::<String>());
}
