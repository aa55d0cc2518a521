//! The columns that the files of views describe are the columns of their queries.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed assertion is the point of a test")]

use std::path::Path;
use std::sync::Arc;

use ec2ql_catalog::{Catalog, Relation};
use sqllogictest::DBOutput;
use sqltest::{Database, Place};

#[tokio::test]
async fn columns_are_those_of_the_query() {
    let catalog = Catalog::embedded();
    let mut database = Database::new(Arc::new(Place::new(Path::new("")).await.unwrap())).unwrap();
    let mut views = 0;
    for name in catalog.names() {
        let Relation::View(view) = catalog.relation(&name.schema, &name.table).unwrap().unwrap() else { continue };
        let described = sqllogictest::AsyncDB::run(&mut database, &format!("DESCRIBE {name}")).await.unwrap();
        let DBOutput::Rows { rows, .. } = described else { unreachable!("DESCRIBE gives rows") };
        let planned: Vec<_> = rows.iter().map(|row| [&row[0], &row[1], &row[3]]).collect();
        let written: Vec<_> =
            view.columns.iter().map(|column| [&column.name, &column.data_type, &column.description]).collect();
        assert_eq!(planned, written, "{name}");
        views += 1;
    }
    assert!(views >= 3, "only {views} views");
}
