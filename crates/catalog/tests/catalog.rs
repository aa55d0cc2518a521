//! The embedded tables, and that a new file alone is a new table.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed assertion is the point of a test")]

use std::fs;
use std::path::Path;

use ec2ql_catalog::{Catalog, Level, ParameterKind, Relation, Table, Type, ViewColumn};

#[path = "../src/walk.rs"]
mod walk;

const WIDGETS: &str = r#"description = "Widgets."
source = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeWidgets.html"
operation = "DescribeWidgets"
rows = "widgetSet/item"
examples = ["SELECT * FROM aws.ec2_api.widgets WHERE region = 'us-east-1'"]

[columns]
widgetId = { type = "text", description = "The widget's id." }

[parameters]
"#;

const ROUND_WIDGETS: &str = r#"description = "Widgets that roll."
notes = ["None is square."]
examples = ["SELECT * FROM aws.shapes.round_widgets WHERE region = 'us-east-1'"]
query = """
SELECT widgetId AS id, CAST(NULL AS VARCHAR) AS note
FROM aws.ec2_api.widgets
"""

[columns]
id = { type = "text", description = "The widget's id." }
note = { type = "list<map<text, text>>", description = "Nothing yet." }
"#;

fn folder(root: &Path) -> Catalog {
    let files = walk::table_files(root).unwrap();
    Catalog::from_files(files.into_iter().map(|(name, path)| (name, fs::read_to_string(path).unwrap()))).unwrap()
}

fn names(catalog: &Catalog) -> Vec<String> {
    catalog.names().map(ToString::to_string).collect()
}

fn embedded(table: &str) -> std::sync::Arc<Table> {
    Catalog::embedded().table("ec2_api", table).unwrap().unwrap()
}

#[test]
fn a_new_file_is_a_new_table() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("aws/ec2_api")).unwrap();
    fs::create_dir_all(root.path().join("aws/other")).unwrap();
    fs::write(root.path().join("aws/README.md"), "Not a table.").unwrap();
    fs::write(root.path().join("aws/ec2_api/notes.txt"), "Not a table.").unwrap();
    fs::write(root.path().join("aws/ec2_api/widgets.toml"), WIDGETS).unwrap();
    let gadgets = WIDGETS.replace("ec2_api.widgets", "other.gadgets");
    fs::write(root.path().join("aws/other/gadgets.toml"), gadgets).unwrap();

    let catalog = folder(root.path());
    assert_eq!(names(&catalog), ["aws.ec2_api.widgets", "aws.other.gadgets"]);
    let widgets = catalog.table("ec2_api", "widgets").unwrap().unwrap();
    assert_eq!(widgets.columns[0].name, "widgetId");
    assert_eq!(catalog.table("other", "gadgets").unwrap().unwrap().name.to_string(), "aws.other.gadgets");
    assert!(catalog.table("ec2_api", "gadgets").is_none());
    assert!(catalog.table("ec2_api", "WIDGETS").is_none());
}

#[test]
fn a_file_with_a_query_is_a_view() {
    let files = [
        ("aws/ec2_api/widgets.toml", WIDGETS),
        ("aws/shapes/round_widgets.toml", ROUND_WIDGETS),
        ("aws/shapes.toml", "description = \"Widgets by shape.\"\n"),
        ("aws/ec2_api.toml", "name = \"no\"\n"),
    ];
    let catalog = Catalog::from_files(files.map(|(path, text)| (path.to_owned(), text.to_owned()))).unwrap();
    assert_eq!(names(&catalog), ["aws.ec2_api.widgets", "aws.shapes.round_widgets"]);
    let view = catalog.view("shapes", "round_widgets").unwrap().unwrap();
    assert_eq!(view.query, "SELECT widgetId AS id, CAST(NULL AS VARCHAR) AS note\nFROM aws.ec2_api.widgets");
    assert_eq!(view.notes, ["None is square."]);
    let note = &view.columns[1];
    let (name, data_type, description) = ("note", "list<map<text, text>>", "Nothing yet.");
    assert_eq!(*note, ViewColumn { name: name.into(), data_type: data_type.into(), description: description.into() });
    assert!(catalog.table("shapes", "round_widgets").is_none());
    assert!(catalog.view("ec2_api", "widgets").is_none());
    assert_eq!(catalog.schema_description("shapes").unwrap().unwrap(), "Widgets by shape.");
    assert!(catalog.schema_description("other").is_none());
    let error = catalog.schema_description("ec2_api").unwrap().unwrap_err();
    assert_eq!(error.to_string(), "aws/ec2_api.toml:1:1: unknown key \"name\"; known are description");
}

#[test]
fn a_table_is_parsed_alone_and_once() {
    let bad = ("aws/ec2_api/bad.toml".to_owned(), "not a table".to_owned());
    let good = ("aws/ec2_api/widgets.toml".to_owned(), WIDGETS.to_owned());
    let catalog = Catalog::from_files([bad, good]).unwrap();
    assert_eq!(names(&catalog), ["aws.ec2_api.bad", "aws.ec2_api.widgets"]);
    let first = catalog.table("ec2_api", "widgets").unwrap().unwrap();
    let again = catalog.clone().table("ec2_api", "widgets").unwrap().unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &again));
    catalog.table("ec2_api", "bad").unwrap().unwrap_err();
}

#[test]
fn the_embedded_tables_are_the_folder_and_all_load() {
    let embedded = Catalog::embedded();
    assert_eq!(names(&embedded), names(&folder(Path::new(env!("CARGO_MANIFEST_DIR")))));
    for name in embedded.names() {
        let relation = embedded.relation(&name.schema, &name.table).unwrap().unwrap();
        assert_eq!(relation.name(), name);
        assert!(!relation.examples().is_empty(), "{name}");
        embedded.schema_description(&name.schema).unwrap().unwrap();
        let Relation::Table(table) = relation else { continue };
        assert_eq!(table.columns.iter().any(|column| column.id.is_some()), !table.not_found.is_empty(), "{name}");
    }
}

#[test]
fn the_import_operations_have_a_filter_prefix_of_their_own() {
    let prefix = |table: &str| {
        let table = embedded(table);
        table.parameters.iter().find(|parameter| parameter.kind == ParameterKind::Filters).map(|p| p.name.clone())
    };
    assert_eq!(prefix("import_image_tasks").as_deref(), Some("Filters"));
    assert_eq!(prefix("import_snapshot_tasks").as_deref(), Some("Filters"));
    assert_eq!(prefix("export_image_tasks").as_deref(), Some("Filter"));
    assert_eq!(prefix("images").as_deref(), Some("Filter"));
}

#[test]
fn names_on_the_wire_are_the_models() {
    let images = embedded("images");
    let disks = images.columns.iter().find(|column| column.name == "blockDeviceMapping").unwrap();
    let ebs = &disks.data_type.fields().unwrap()[0];
    assert!(ebs.data_type.fields().unwrap().iter().any(|field| field.wire == "VolumeInitializationRate"));

    let tasks = embedded("conversion_tasks");
    let wrapped = Level { list: "conversionTasks".to_owned(), wrapper: Some("conversionTask".to_owned()) };
    assert_eq!(tasks.rows, [wrapped]);
    assert_eq!(tasks.parameters[1].name, "ConversionTaskId");
}

#[test]
fn nested_rows_reach_their_parents() {
    let instances = embedded("instances");
    assert_eq!(instances.rows.len(), 2);
    let column = |name: &str| instances.columns.iter().find(|column| column.name == name).unwrap();
    assert_eq!((column("groupSet").level, column("groupSet").wire.as_str()), (1, "groupSet"));
    assert_eq!((column("reservationGroupSet").level, column("reservationGroupSet").wire.as_str()), (0, "groupSet"));

    let disks = embedded("import_image_task_snapshots");
    let head: Vec<&str> = disks.columns.iter().take(3).map(|column| column.name.as_str()).collect();
    assert_eq!(head, ["importTaskId", "position", "description"]);
    assert_eq!(disks.columns[1].data_type, Type::Position);
}

#[test]
fn pushdown_of_the_import_tables() {
    let images = embedded("import_image_tasks");
    let status = images.columns.iter().find(|column| column.name == "status").unwrap();
    assert_eq!(status.filter.as_deref(), Some("task-state"));
    assert_eq!(images.filters[0].values, ["active", "completed", "deleting", "deleted"]);
    assert_eq!(images.page_rows, None);

    let snapshots = embedded("import_snapshot_tasks");
    assert!(snapshots.columns.iter().all(|column| column.filter.is_none()));
    assert_eq!(snapshots.filters[0].name, "tag:*");
    assert_eq!(snapshots.page_rows, None);

    for ignored in ["export_image_tasks", "store_image_tasks"] {
        let pushed = |column: &ec2ql_catalog::Column| column.filter.as_deref() == Some("task-state");
        assert!(!embedded(ignored).columns.iter().any(pushed), "{ignored}");
    }
}
