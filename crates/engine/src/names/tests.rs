#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed assertion is the point of a test")]
//! The rewritten statement, printed, for one statement at a time; and what it gives when it runs.

mod columns;
mod equivalence;
mod errors;
mod execution;
mod joins;
mod paths;
mod queries;
mod relations;
mod statements;
mod wildcards;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::sql::parser::{DFParser, Statement};
use expect_test::Expect;

use super::{Lookup, NameError, Part, Relation, Scope, resolve};

/// Prints what a statement is rewritten to, or why it is refused.
#[expect(clippy::needless_pass_by_value, reason = "so that a case is written in one line")]
fn check(sql: &str, expected: Expect) {
    let text = match rewritten(sql) {
        Ok(statement) => statement.to_string(),
        Err(error) => report(&error),
    };
    expected.assert_eq(&format!("{text}\n"));
}

fn rewritten(sql: &str) -> Result<Statement, NameError> {
    let mut statement = DFParser::parse_sql(sql).unwrap().pop_front().unwrap();
    resolve(&mut statement, &World)?;
    Ok(statement)
}

fn report(error: &NameError) -> String {
    let hint = error.hint().map(|hint| format!("\nhint: {hint}"));
    format!("{:?}: {error}{}", error.kind, hint.unwrap_or_default())
}

/// Some tables of the shapes that the catalog has.
struct World;

impl Scope for World {
    fn relation(&self, name: &[Part]) -> Lookup {
        if name.len() > 1 && name[name.len() - 2].matches("elsewhere") {
            return Lookup::Unknown;
        }
        let fits = |declared: &Vec<String>| {
            name.len() <= declared.len()
                && (name.iter().rev().zip(declared.iter().rev())).all(|(part, declared)| part.matches(declared))
        };
        let bare = |declared: &&Vec<String>| name.len() > 1 || declared[1] == "ec2_api";
        let names = tables().into_iter().map(|table| table.canonical).collect::<Vec<_>>();
        let found = names.iter().filter(bare).find(|declared| fits(declared));
        let table = found.and_then(|found| tables().into_iter().find(|table| table.canonical == *found));
        table.map_or(Lookup::Missing, Lookup::Relation)
    }

    fn relations(&self) -> Vec<String> {
        tables().iter().map(|table| table.canonical.join(".")).collect()
    }
}

fn tables() -> Vec<Relation> {
    vec![
        table(
            "aws.ec2_api.import_image_tasks",
            vec![
                text("region"),
                text("importTaskId"),
                text("status"),
                text("progress"),
                Field::new("snapshotDetailSet", list(disk()), true),
                Field::new("tags", map(), true),
            ],
        ),
        table(
            "aws.ec2_api.import_snapshot_tasks",
            vec![
                text("region"),
                text("importTaskId"),
                text("status"),
                Field::new("snapshotTaskDetail", detail(), true),
                Field::new("tags", map(), true),
            ],
        ),
        table(
            "aws.ec2_api.images",
            vec![text("region"), text("imageId"), text("name"), Field::new("tags", map(), true)],
        ),
        table("aws.ec2_api.regions", vec![text("region"), text("regionEndpoint")]),
        table("aws.ec2_api.MyView", vec![text("taskId"), text("Odd Name"), text("ODD")]),
        table("aws.system.requests", vec![text("operation"), text("region")]),
    ]
}

fn table(name: &str, fields: Vec<Field>) -> Relation {
    let has_tags = fields.iter().any(|field| field.name() == "tags");
    Relation {
        canonical: name.split('.').map(str::to_owned).collect(),
        fields: fields.into(),
        hidden: if has_tags { vec!["tags".into()] } else { Vec::new() },
    }
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn bucket() -> DataType {
    DataType::Struct(Fields::from(vec![text("s3Bucket"), text("s3Key")]))
}

fn disk() -> DataType {
    DataType::Struct(Fields::from(vec![
        text("format"),
        Field::new("diskImageSize", DataType::Float64, true),
        Field::new("userBucket", bucket(), true),
    ]))
}

fn detail() -> DataType {
    DataType::Struct(Fields::from(vec![text("progress"), text("status"), Field::new("userBucket", bucket(), true)]))
}

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

fn map() -> DataType {
    let entries = vec![Field::new("keys", DataType::Utf8, false), text("values")];
    let entries = DataType::Struct(Fields::from(entries));
    DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
}
