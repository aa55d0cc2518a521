use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::json::LineDelimitedWriter;
use ec2ql_catalog::Catalog;
use ec2ql_ec2::Limits;
use expect_test::{Expect, expect};

use super::*;
use crate::schema::table_schema;

/// Decodes one answer; the columns are named, all of them when none is.
fn decode(table: &str, columns: &[&str], inner: &str) -> Result<RecordBatch, Error> {
    let table = Catalog::embedded().table("ec2_api", table).unwrap().unwrap();
    let full = table_schema(&table);
    let projection: Vec<usize> = match columns {
        [] => (0..full.fields().len()).collect(),
        named => named.iter().filter(|name| !name.is_empty()).map(|name| full.index_of(name).unwrap()).collect(),
    };
    let schema = Arc::new(full.project(&projection).unwrap());
    let columns = Columns { table, projection, schema: schema.clone() };
    let operation = &columns.table.operation;
    let mut decoder = Decoder::new(&columns, "us-east-1", &[]);
    let body = format!(
        "<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>{inner}</{operation}Response>"
    );
    let mut document = Document::open(body.as_bytes(), operation, &Limits::default())?;
    let batches = decoder.decode(&mut document)?;
    document.finish()?;
    Ok(concat_batches(&schema, &batches).unwrap())
}

fn check(table: &str, columns: &[&str], inner: &str, expected: Expect) {
    let text = match decode(table, columns, inner) {
        Err(error) => format!("error: {}", error.message()),
        Ok(batch) if batch.num_columns() == 0 => format!("{} rows", batch.num_rows()),
        Ok(batch) => {
            let mut writer = LineDelimitedWriter::new(vec![]);
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
            String::from_utf8(writer.into_inner()).unwrap()
        }
    };
    expected.assert_eq(text.trim_end());
}

const TASKS: &str = "<importImageTaskSet>\
    <item><importTaskId>import-ami-1</importTaskId><encrypted>true</encrypted><snapshotDetailSet>\
      <item><diskImageSize>1.073741824E10</diskImageSize><userBucket><s3Bucket>b</s3Bucket></userBucket></item>\
      <item><snapshotId/></item></snapshotDetailSet>\
      <tagSet><item><key>wave</key><value>7</value></item></tagSet></item>\
    <item><tagSet/><newField><deep>x</deep></newField><importTaskId>import-ami-2</importTaskId></item>\
    </importImageTaskSet>";

#[test]
fn nested_values_absent_ones_and_empty_ones_are_told_apart() {
    check(
        "import_image_tasks",
        &["region", "importTaskId", "encrypted", "snapshotDetailSet", "tagSet", "tags"],
        TASKS,
        expect![[r#"
        {"region":"us-east-1","importTaskId":"import-ami-1","encrypted":true,"snapshotDetailSet":[{"diskImageSize":1.073741824e10,"userBucket":{"s3Bucket":"b"}},{"snapshotId":""}],"tagSet":[{"key":"wave","value":"7"}],"tags":{"wave":"7"}}
        {"region":"us-east-1","importTaskId":"import-ami-2","tagSet":[],"tags":{}}"#]],
    );
}

#[test]
fn a_projection_builds_what_it_names() {
    check(
        "import_image_tasks",
        &["tags"],
        TASKS,
        expect![[r#"
        {"tags":{"wave":"7"}}
        {"tags":{}}"#]],
    );
    check(
        "import_image_tasks",
        &["importTaskId", "importTaskId"],
        TASKS,
        expect![[r#"
        {"importTaskId":"import-ami-1","importTaskId":"import-ami-1"}
        {"importTaskId":"import-ami-2","importTaskId":"import-ami-2"}"#]],
    );
    check("import_image_tasks", &[""], TASKS, expect!["2 rows"]);
    check("import_image_tasks", &["importTaskId"], "", expect![]);
    check("import_image_tasks", &["importTaskId"], "<importImageTaskSet/>", expect![]);
}

#[test]
fn elements_may_come_in_any_order_and_be_absent_in_any_row() {
    check(
        "import_image_tasks",
        &["architecture", "importTaskId", "snapshotDetailSet", "status"],
        "<importImageTaskSet>\
         <item><status>a</status><importTaskId>1</importTaskId></item>\
         <item/>\
         <item><architecture>x</architecture><snapshotDetailSet><item/><item><userBucket><s3Key>k</s3Key></userBucket></item>\
           <item><status>s</status></item></snapshotDetailSet><status>b</status></item>\
         <item><importTaskId>4</importTaskId><architecture>y</architecture><status>c</status></item>\
         <item><snapshotDetailSet><item><userBucket><s3Bucket>b</s3Bucket></userBucket><status>t</status></item></snapshotDetailSet></item>\
         <item><architecture>z</architecture></item>\
         </importImageTaskSet>",
        expect![[r#"
            {"importTaskId":"1","status":"a"}
            {}
            {"architecture":"x","snapshotDetailSet":[{},{"userBucket":{"s3Key":"k"}},{"status":"s"}],"status":"b"}
            {"architecture":"y","importTaskId":"4","status":"c"}
            {"snapshotDetailSet":[{"status":"t","userBucket":{"s3Bucket":"b"}}]}
            {"architecture":"z"}"#]],
    );
}

#[test]
fn a_value_that_is_none_of_its_type_is_an_error_that_names_the_column() {
    let task = |inner: &str| format!("<importImageTaskSet><item>{inner}</item></importImageTaskSet>");
    check(
        "import_image_tasks",
        &["encrypted"],
        &task("<encrypted>True</encrypted>"),
        expect![[r#"error: column "encrypted" holds "True", which is not true or false (byte 160)"#]],
    );
    check("import_image_tasks", &["encrypted"], &task("<encrypted/>"), expect!["{}"]);
    check(
        "import_image_tasks",
        &["snapshotDetailSet"],
        &task("<snapshotDetailSet><item><diskImageSize> 5</diskImageSize></item></snapshotDetailSet>"),
        expect![[r#"error: column "snapshotDetailSet.diskImageSize" holds " 5", which is not a number (byte 191)"#]],
    );
    // Nobody asked for the column: its value is not looked at.
    check("import_image_tasks", &["status"], &task("<encrypted>True</encrypted>"), expect!["{}"]);
}

#[test]
fn what_stands_twice_is_refused() {
    check(
        "import_image_tasks",
        &["status"],
        "<importImageTaskSet><item><status>a</status><status>b</status></item></importImageTaskSet>",
        expect![[r#"error: element "status" stands twice in one structure (byte 159)"#]],
    );
    check(
        "import_image_tasks",
        &["status"],
        "<importImageTaskSet/><importImageTaskSet/>",
        expect![[r#"error: element "importImageTaskSet" stands twice in one answer (byte 149)"#]],
    );
}

#[test]
fn rows_of_a_nested_level_carry_what_their_parent_holds() {
    let reservations = "<reservationSet>\
        <item><reservationId>r-1</reservationId><instancesSet><item><instanceId>i-1</instanceId></item>\
          <item><instanceId>i-2</instanceId></item></instancesSet><requesterId>late</requesterId></item>\
        <item><reservationId>r-2</reservationId><instancesSet/></item>\
        <item><instancesSet><item><instanceId>i-3</instanceId></item></instancesSet><reservationId>r-3</reservationId></item>\
        </reservationSet>";
    check(
        "instances",
        &["instanceId", "reservationId", "requesterId"],
        reservations,
        expect![[r#"
        {"instanceId":"i-1","reservationId":"r-1","requesterId":"late"}
        {"instanceId":"i-2","reservationId":"r-1","requesterId":"late"}
        {"instanceId":"i-3","reservationId":"r-3"}"#]],
    );
    check("instances", &[""], reservations, expect!["3 rows"]);
    check(
        "import_image_task_snapshots",
        &["importTaskId", "position", "snapshotId", "diskImageSize"],
        TASKS,
        expect![[r#"
        {"importTaskId":"import-ami-1","position":1,"diskImageSize":1.073741824e10}
        {"importTaskId":"import-ami-1","position":2,"snapshotId":""}"#]],
    );
}

#[test]
fn conversion_tasks_may_have_a_wrapper() {
    check(
        "conversion_tasks",
        &["conversionTaskId", "state"],
        "<conversionTasks><item><conversionTask><conversionTaskId>a</conversionTaskId><state>active</state></conversionTask></item>\
         <item><conversionTaskId>b</conversionTaskId></item></conversionTasks>",
        expect![[r#"
            {"conversionTaskId":"a","state":"active"}
            {"conversionTaskId":"b"}"#]],
    );
}

#[test]
fn batches_are_bounded_in_rows_and_bytes() {
    let table = Catalog::embedded().table("ec2_api", "import_image_tasks").unwrap().unwrap();
    let schema = Arc::new(table_schema(&table).project(&[1]).unwrap());
    let columns = Columns { table: Arc::clone(&table), projection: vec![1], schema };
    let item = |n: usize| format!("<item><architecture>{}</architecture></item>", "x".repeat(n));
    let sizes = |rows_max, bytes_max| {
        let mut decoder = Decoder::new(&columns, "us-east-1", &[]);
        (decoder.rows_max, decoder.bytes_max) = (rows_max, bytes_max);
        let body = format!(
            "<DescribeImportImageTasksResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>\
             <importImageTaskSet>{}</importImageTaskSet></DescribeImportImageTasksResponse>",
            item(100).repeat(10)
        );
        let mut document = Document::open(body.as_bytes(), &table.operation, &Limits::default()).unwrap();
        decoder.decode(&mut document).unwrap().iter().map(RecordBatch::num_rows).collect::<Vec<_>>()
    };
    assert_eq!(sizes(4, 1 << 20), [4, 4, 2]);
    assert_eq!(sizes(100, 250), [3, 3, 3, 1]);
    assert_eq!(sizes(100, 1 << 20), [10]);
}
