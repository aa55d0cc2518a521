#![expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]

use std::sync::Arc;

use ec2ql_catalog::{Catalog, Table};
use expect_test::{Expect, expect};

use super::{changes, regenerate};
use crate::model::Model;

const MODEL: &str = r#"{
  "operations": {"DescribeWidgets": {"input": {"shape": "In"}, "output": {"shape": "Out"}}},
  "shapes": {
    "In": {"type": "structure", "required": ["BoxName"], "members": {
      "WidgetIds": {"shape": "Ids", "locationName": "widgetId"},
      "BoxName": {"shape": "Text"},
      "Odd": {"shape": "Text", "locationName": "x", "queryName": "oDD"},
      "Filters": {"shape": "Filters", "locationName": "Filter", "documentation":
        "<ul> <li> <p> <code>state</code> - It (<code>a</code> | <code>b</code>).</p> </li> <li> <code>size</code> </li> </ul>"},
      "MaxResults": {"shape": "Rows"},
      "NextToken": {"shape": "Text"}
    }},
    "Out": {"type": "structure", "members": {"Boxes": {"shape": "Boxes", "locationName": "boxSet"}}},
    "Boxes": {"type": "list", "member": {"shape": "Box", "locationName": "item"}},
    "Box": {"type": "structure", "members": {
      "Id": {"shape": "Text", "locationName": "id"},
      "Owner": {"shape": "Text", "locationName": "ownerId"},
      "Widgets": {"shape": "Widgets", "locationName": "widgetSet"}
    }},
    "Widgets": {"type": "list", "member": {"shape": "Widget", "locationName": "item"}},
    "Widget": {"type": "structure", "members": {
      "Id": {"shape": "Text", "locationName": "id"},
      "Secret": {"shape": "Secret", "locationName": "secret"},
      "Made": {"shape": "Time", "locationName": "made"},
      "Parts": {"shape": "Parts", "locationName": "partSet"},
      "UPPER": {"shape": "Size"}
    }},
    "Parts": {"type": "list", "member": {"shape": "Part", "locationName": "item"}},
    "Part": {"type": "structure", "members": {
      "Size": {"shape": "Size", "locationName": "size"}, "Sizes": {"shape": "Sizes", "locationName": "sizeSet"}
    }},
    "Sizes": {"type": "list", "member": {"shape": "Size", "locationName": "item"}},
    "Filters": {"type": "list", "member": {"shape": "Filter", "locationName": "Filter"}},
    "Filter": {"type": "structure", "members": {"Name": {"shape": "Text"}, "Values": {"shape": "Ids"}}},
    "Ids": {"type": "list", "member": {"shape": "Text"}, "max": 100},
    "Rows": {"type": "integer", "min": 0, "max": 200},
    "Size": {"type": "long"},
    "Time": {"type": "timestamp"},
    "Text": {"type": "string"},
    "Secret": {"type": "string", "sensitive": true}
  }
}"#;

const FILE: &str = r#"
# Widgets are rare.
description = "All widgets."
source = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeWidgets.html"
operation = "DescribeWidgets"
rows = "boxSet/item/widgetSet/item"
not_found = ["NoSuchWidget"]
examples = ["SELECT * FROM aws.ec2_api.widgets WHERE region = 'us-east-1'"]
[columns]
id = { type = "text", id = "WidgetId", description = "The widget's \"id\"." }
# A place of our own.
place = { type = "position", description = "Place in the box, from 1." }
partSet = { type = "list<struct>", description = "The parts, one element each." }
"partSet.bytes" = { type = "int64", wire = "size", description = "In bytes." }
[parameters]
BoxName = { type = "text", description = "The box." }
"WidgetId.N" = "list<text>"
[filters]
size = ["1", "2"]
by-hand = []
"#;

fn load(text: &str) -> Arc<Table> {
    let catalog = Catalog::from_files([("aws/ec2_api/widgets.toml".to_owned(), text.to_owned())]).unwrap();
    catalog.table("ec2_api", "widgets").unwrap().unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "expect![...] reads best as an argument")]
fn check(file: &str, text: Expect, news: Expect) {
    let model: Model = serde_json::from_str(MODEL).unwrap();
    let old = load(file);
    let (new, written) = regenerate(&model, file, &old).unwrap();
    text.assert_eq(&written);
    news.assert_eq(&changes(&old, &new).join("\n"));

    let described = written.replace("description = \"\"", "description = \"Something.\"");
    let (again, rewritten) = regenerate(&model, &described, &load(&described)).unwrap();
    assert_eq!(rewritten, described, "generating twice changes nothing");
    assert_eq!(changes(&again, &again), Vec::<String>::new());
}

#[test]
fn facts_come_from_the_model_and_the_rest_stays() {
    check(
        FILE,
        expect![[r##"
        # Widgets are rare.
        description = "All widgets."
        source = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeWidgets.html"
        operation = "DescribeWidgets"
        rows = "boxSet/item/widgetSet/item"
        page_rows = [1, 200]
        not_found = ["NoSuchWidget"]
        examples = [
          "SELECT * FROM aws.ec2_api.widgets WHERE region = 'us-east-1'",
        ]

        [columns]
        boxId = { type = "text", wire = "../id", description = "" }
        ownerId = { type = "text", wire = "../ownerId", description = "" }
        # A place of our own.
        place = { type = "position", description = "Place in the box, from 1." }
        id = { type = "text", id = "WidgetId", description = "The widget's \"id\"." }
        secret = { type = "text", sensitive = true, description = "" }
        made = { type = "timestamp", description = "" }
        partSet = { type = "list<struct>", description = "The parts, one element each." }
        "partSet.bytes" = { type = "int64", wire = "size", description = "In bytes." }
        "partSet.sizeSet" = "list<int64>"
        UPPER = { type = "int64", description = "" }

        [parameters]
        "WidgetId.N" = { type = "list<text>", max = 100 }
        BoxName = { type = "text", required = true, description = "The box." }
        oDD = "text"
        "Filter.N" = "filters"
        MaxResults = "page-rows"
        NextToken = "token"

        [filters]
        state = ["a", "b"]
        size = ["1", "2"]
        by-hand = []
    "##]],
        expect![[r#"
        describe the new column boxId (text)
        describe the new column ownerId (text)
        describe the new column secret (text)
        describe the new column made (timestamp)
        describe the new column UPPER (int64)"#]],
    );
}

#[test]
fn parents_are_left_out_where_the_file_says_so() {
    let omit =
        FILE.replace("not_found", "omit = [\"../*\", \"secret\"]\nnot_found").replace("# A place of our own.\n", "");
    let model: Model = serde_json::from_str(MODEL).unwrap();
    let (new, _) = regenerate(&model, &omit, &load(&omit)).unwrap();
    let names: Vec<&str> = new.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["place", "id", "made", "partSet", "UPPER"]);
}

#[test]
fn what_would_be_lost_is_said() {
    let model: Model = serde_json::from_str(MODEL).unwrap();
    let gone = "# Why.\ngone = { type = \"text\", description = \"Gone.\" }\n[parameters]";
    let file = FILE.replace("[parameters]", gone);
    let fault = regenerate(&model, &file, &load(&file)).unwrap_err();
    assert_eq!(fault, "the line below this comment goes; move or delete it: # Why.");

    let file = file.replace("# Why.\n", "");
    let old = load(&file);
    let (new, _) = regenerate(&model, &file, &old).unwrap();
    assert!(changes(&old, &new).contains(&"the column gone is no longer in the model".to_owned()));
}
