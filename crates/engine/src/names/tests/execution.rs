//! Rewritten statements, planned and run on tables in memory.

#![expect(clippy::too_many_lines, reason = "a test is a list of cases")]

use std::sync::Arc;

use arrow_json::ReaderBuilder;
use datafusion::arrow::datatypes::Schema;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use expect_test::{Expect, expect};

use super::{rewritten, tables};

async fn run(session: &SessionContext, sql: &str, expected: Expect) {
    let text = match rewritten(sql) {
        Err(error) => super::report(&error),
        Ok(statement) => {
            let plan = session.state().statement_to_plan(statement).await;
            let frame = match plan {
                Ok(plan) => session.execute_logical_plan(plan).await,
                Err(error) => Err(error),
            };
            let batches = match frame {
                Ok(frame) => frame.collect().await,
                Err(error) => Err(error),
            };
            match batches {
                Ok(batches) => pretty_format_batches(&batches).unwrap().to_string(),
                Err(error) => error.strip_backtrace(),
            }
        }
    };
    expected.assert_eq(&format!("{text}\n"));
}

/// The tables of the other tests, with some rows.
pub(super) fn session() -> SessionContext {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema("aws", "ec2_api")
        .with_create_default_catalog_and_schema(false)
        .with_target_partitions(1);
    config.options_mut().sql_parser.enable_ident_normalization = false;
    let session = SessionContext::new_with_config(config);
    let catalog = Arc::new(MemoryCatalogProvider::new());
    for schema in ["ec2_api", "system"] {
        catalog.register_schema(schema, Arc::new(MemorySchemaProvider::new())).unwrap();
    }
    for relation in tables() {
        let schema = Arc::new(Schema::new(relation.fields));
        let name = relation.canonical.last().unwrap().clone();
        let mut reader = ReaderBuilder::new(Arc::clone(&schema)).build_decoder().unwrap();
        reader.decode(rows(&name).as_bytes()).unwrap();
        let batches = reader.flush().unwrap().into_iter().collect();
        let table = MemTable::try_new(schema, vec![batches]).unwrap();
        let provider = catalog.schema(&relation.canonical[1]).unwrap();
        provider.register_table(name, Arc::new(table)).unwrap();
    }
    session.register_catalog("aws", catalog);
    session
}

fn rows(table: &str) -> &'static str {
    match table {
        "import_image_tasks" => {
            r#"{"region":"a","importTaskId":"i-1","status":"active","progress":"5","snapshotDetailSet":[{"format":"VMDK","diskImageSize":1.5,"userBucket":{"s3Bucket":"b","s3Key":"k1"}},{"format":"RAW","diskImageSize":2.0}],"tags":{"wave":"one","Owner":"me"}}
{"region":"b","importTaskId":"i-2","status":"completed","snapshotDetailSet":[],"tags":{"wave":"two"}}"#
        }
        "import_snapshot_tasks" => {
            r#"{"region":"a","importTaskId":"s-1","status":"x","snapshotTaskDetail":{"progress":"7","status":"active","userBucket":{"s3Bucket":"b","s3Key":"k2"}},"tags":{"wave":"one"}}
{"region":"c","importTaskId":"s-2","status":"y","snapshotTaskDetail":{"status":"completed"},"tags":{}}"#
        }
        "images" => {
            r#"{"region":"a","imageId":"ami-1","name":"web","tags":{"wave":"one"}}
{"region":"a","imageId":"ami-2","name":"db"}
{"region":"z","imageId":"ami-3","name":"old"}"#
        }
        "regions" => {
            r#"{"region":"a","regionEndpoint":"ec2.a"}
{"region":"b","regionEndpoint":"ec2.b"}"#
        }
        "MyView" => r#"{"taskId":"t","Odd Name":"o","ODD":"p"}"#,
        _ => r#"{"operation":"DescribeImages","region":"a"}"#,
    }
}

#[tokio::test]
async fn columns_and_paths() {
    let s = &session();
    run(
        s,
        "select IMPORTTASKID, Status from IMPORT_IMAGE_TASKS order by importtaskid",
        expect![[r#"
            +--------------+-----------+
            | importTaskId | status    |
            +--------------+-----------+
            | i-1          | active    |
            | i-2          | completed |
            +--------------+-----------+
        "#]],
    )
    .await;
    run(
        s,
        "select * from images where TAGS['wave'] = 'one'",
        expect![[r#"
            +--------+---------+------+
            | region | imageId | name |
            +--------+---------+------+
            | a      | ami-1   | web  |
            +--------+---------+------+
        "#]],
    )
    .await;
    run(
        s,
        "select TAGS.wave, tags['Owner'], imporTTaskid from import_image_tasks",
        expect![[r#"
            +------+-------+--------------+
            | wave | Owner | importTaskId |
            +------+-------+--------------+
            | one  | me    | i-1          |
            | two  |       | i-2          |
            +------+-------+--------------+
        "#]],
    )
    .await;
    run(
        s,
        "select snapshottaskdetail.PROGRESS, snapshottaskdetail.userbucket.S3KEY from import_snapshot_tasks",
        expect![[r#"
            +----------+-------+
            | progress | s3Key |
            +----------+-------+
            | 7        | k2    |
            |          |       |
            +----------+-------+
        "#]],
    )
    .await;
    run(s, "select AWS.ec2_api.import_snapshot_tasks.snapshottaskdetail.userbucket.S3KEY from aws.ec2_api.import_snapshot_tasks", expect![[r#"
        +-------+
        | s3Key |
        +-------+
        | k2    |
        |       |
        +-------+
    "#]]).await;
    run(
        s,
        "select t.snapshotdetailset[1].FORMAT, snapshotdetailset[2].userbucket.s3key from import_image_tasks t",
        expect![[r#"
            +--------+-------+
            | format | s3Key |
            +--------+-------+
            | VMDK   |       |
            |        |       |
            +--------+-------+
        "#]],
    )
    .await;
    run(
        s,
        "select snapshotdetailset[1] from import_image_tasks",
        expect![[r#"
            +--------------------------------------------------------------------------+
            | snapshotDetailSet[1]                                                     |
            +--------------------------------------------------------------------------+
            | {format: VMDK, diskImageSize: 1.5, userBucket: {s3Bucket: b, s3Key: k1}} |
            |                                                                          |
            +--------------------------------------------------------------------------+
        "#]],
    )
    .await;
    run(s, "select status, snapshottaskdetail.status from import_snapshot_tasks where SNAPSHOTTASKDETAIL.status = 'active'", expect![[r#"
        +--------+---------------------------+
        | status | snapshotTaskDetail.status |
        +--------+---------------------------+
        | x      | active                    |
        +--------+---------------------------+
    "#]]).await;
    run(s, "select snapshottaskdetail.status, count(*) from import_snapshot_tasks group by snapshottaskdetail.STATUS order by snapshottaskdetail.status desc", expect![[r#"
        +-----------+----------+
        | status    | count(*) |
        +-----------+----------+
        | completed | 1        |
        | active    | 1        |
        +-----------+----------+
    "#]]).await;
    run(s, "select snapshottaskdetail.progress, count(*) as N from import_snapshot_tasks group by PROGRESS having n > 0 order by PROGRESS", expect![[r#"
        +----------+---+
        | progress | N |
        +----------+---+
        | 7        | 1 |
        |          | 1 |
        +----------+---+
    "#]]).await;
    run(
        s,
        "select distinct snapshottaskdetail.userbucket.S3BUCKET from import_snapshot_tasks order by s3bucket",
        expect![[r#"
            +----------+
            | s3Bucket |
            +----------+
            | b        |
            |          |
            +----------+
        "#]],
    )
    .await;
    run(
        s,
        "select PROGRESS::int, cast(snapshotdetailset[1].diskimagesize as bigint) from import_image_tasks",
        expect![[r#"
            +----------+---------------+
            | progress | diskImageSize |
            +----------+---------------+
            | 5        | 1             |
            |          |               |
            +----------+---------------+
        "#]],
    )
    .await;
    run(
        s,
        "select progress, progress::int from import_image_tasks",
        expect![[r#"
            +----------+---------------+
            | progress | progress::INT |
            +----------+---------------+
            | 5        | 5             |
            |          |               |
            +----------+---------------+
        "#]],
    )
    .await;
    run(
        s,
        "select aws.ec2_api.IMAGES.name from images",
        expect![[r#"
            +------+
            | name |
            +------+
            | web  |
            | db   |
            | old  |
            +------+
        "#]],
    )
    .await;
    run(
        s,
        "select OPERATION from system.REQUESTS",
        expect![[r#"
            +----------------+
            | operation      |
            +----------------+
            | DescribeImages |
            +----------------+
        "#]],
    )
    .await;
    run(
        s,
        "select \"Odd Name\", odd from myview",
        expect![[r#"
            +----------+-----+
            | Odd Name | ODD |
            +----------+-----+
            | o        | p   |
            +----------+-----+
        "#]],
    )
    .await;
}

#[tokio::test]
async fn wildcards() {
    let s = &session();
    run(
        s,
        "select * from images",
        expect![[r#"
            +--------+---------+------+
            | region | imageId | name |
            +--------+---------+------+
            | a      | ami-1   | web  |
            | a      | ami-2   | db   |
            | z      | ami-3   | old  |
            +--------+---------+------+
        "#]],
    )
    .await;
    run(
        s,
        "from images |> where NAME = 'db' |> select IMAGEID as Id |> order by ID |> limit 1",
        expect![[r#"
            +-------+
            | Id    |
            +-------+
            | ami-2 |
            +-------+
        "#]],
    )
    .await;
    run(
        s,
        "select * from (select imageid, tags from images) x, regions r limit 1",
        expect![[r#"
            +---------+-------------+--------+----------------+
            | imageId | tags        | region | regionEndpoint |
            +---------+-------------+--------+----------------+
            | ami-1   | {wave: one} | a      | ec2.a          |
            +---------+-------------+--------+----------------+
        "#]],
    )
    .await;
    run(
        s,
        "select * replace (upper(NAME) as name) from images limit 1",
        expect![[r#"
            +--------+---------+------+
            | region | imageId | name |
            +--------+---------+------+
            | a      | ami-1   | WEB  |
            +--------+---------+------+
        "#]],
    )
    .await;
    run(
        s,
        "select count(*), count(I.*) from images i",
        expect![[r#"
            +----------+------------+
            | count(*) | count(i.*) |
            +----------+------------+
            | 3        | 3          |
            +----------+------------+
        "#]],
    )
    .await;
    run(s, "select a.B, A.c, a.* from images as A (b, C)", expect![[r#"
        Error during planning: Projections require unique expression names but the expression "A.b" at position 0 and "A.b" at position 2 have the same name. Consider aliasing ("AS") one of them.
    "#]]).await;
    run(
        s,
        "select * from (select count(*), region from images group by region) x, images i order by i.imageid limit 1",
        expect![[r#"
            +----------+--------+--------+---------+------+
            | count(*) | region | region | imageId | name |
            +----------+--------+--------+---------+------+
            | 2        | a      | a      | ami-1   | web  |
            +----------+--------+--------+---------+------+
        "#]],
    )
    .await;
}

#[tokio::test]
async fn nameless_tables() {
    let s = &session();
    run(
        s,
        "select *, UNNEST + 1 as Next from regions, unnest([1, 2]) order by region, NEXT",
        expect![[r#"
        +--------+----------------+--------+------+
        | region | regionEndpoint | unnest | Next |
        +--------+----------------+--------+------+
        | a      | ec2.a          | 1      | 2    |
        | a      | ec2.a          | 2      | 3    |
        | b      | ec2.b          | 1      | 2    |
        | b      | ec2.b          | 2      | 3    |
        +--------+----------------+--------+------+
    "#]],
    )
    .await;
    run(
        s,
        "select * from (select count(*) from images), (select max(name) from images), regions",
        expect![[r#"
        +----------+------------------+--------+----------------+
        | count(*) | max(images.name) | region | regionEndpoint |
        +----------+------------------+--------+----------------+
        | 3        | web              | a      | ec2.a          |
        | 3        | web              | b      | ec2.b          |
        +----------+------------------+--------+----------------+
    "#]],
    )
    .await;
    run(
        s,
        "insert into images values ('q', 'ami-9', 'new')",
        expect![[r#"
        +-------+
        | count |
        +-------+
        | 1     |
        +-------+
    "#]],
    )
    .await;
    run(
        s,
        "select *, tags from images where REGION = 'q'",
        expect![[r#"
        +--------+---------+------+------+
        | region | imageId | name | tags |
        +--------+---------+------+------+
        | q      | ami-9   | new  |      |
        +--------+---------+------+------+
    "#]],
    )
    .await;
}

#[tokio::test]
async fn joins() {
    let s = &session();
    run(
        s,
        "select * from images a join regions b using (region) order by IMAGEID",
        expect![[r#"
            +--------+---------+------+----------------+
            | region | imageId | name | regionEndpoint |
            +--------+---------+------+----------------+
            | a      | ami-1   | web  | ec2.a          |
            | a      | ami-2   | db   | ec2.a          |
            +--------+---------+------+----------------+
        "#]],
    )
    .await;
    run(
        s,
        "select * from images z left join regions b using (region) order by IMAGEID",
        expect![[r#"
            +--------+---------+------+----------------+
            | region | imageId | name | regionEndpoint |
            +--------+---------+------+----------------+
            | a      | ami-1   | web  | ec2.a          |
            | a      | ami-2   | db   | ec2.a          |
            | z      | ami-3   | old  |                |
            +--------+---------+------+----------------+
        "#]],
    )
    .await;
    run(
        s,
        "select region, NAME, regionendpoint from images a right join regions b using (region) order by 1, 2",
        expect![[r#"
            +--------+------+----------------+
            | region | name | regionEndpoint |
            +--------+------+----------------+
            | a      | db   | ec2.a          |
            | a      | web  | ec2.a          |
            | b      |      | ec2.b          |
            +--------+------+----------------+
        "#]],
    )
    .await;
    run(
        s,
        "select * from images a full join regions b using (region) order by REGION, imageid",
        expect![[r#"
            +--------+---------+------+----------------+
            | region | imageId | name | regionEndpoint |
            +--------+---------+------+----------------+
            | a      | ami-1   | web  | ec2.a          |
            | a      | ami-2   | db   | ec2.a          |
            | b      |         |      | ec2.b          |
            | z      | ami-3   | old  |                |
            +--------+---------+------+----------------+
        "#]],
    )
    .await;
    run(s, "select region, count(*) from images a full join regions b using (region) where region <> 'a' group by region order by region", expect![[r#"
        +--------+----------+
        | region | count(*) |
        +--------+----------+
        | b      | 1        |
        | z      | 1        |
        +--------+----------+
    "#]]).await;
    run(s, "select region, a.imageid from images a join regions b using (region) join system.requests c using (region) where REGION = 'a'", expect![[r#"
        +--------+---------+
        | region | imageId |
        +--------+---------+
        | a      | ami-1   |
        | a      | ami-2   |
        +--------+---------+
    "#]]).await;
    run(
        s,
        "select * from images a natural join images b where NAME = 'db'",
        expect![[r#"
            +--------+---------+------+
            | region | imageId | name |
            +--------+---------+------+
            | a      | ami-2   | db   |
            +--------+---------+------+
        "#]],
    )
    .await;
    run(
        s,
        "select * from regions natural join myview",
        expect![[r#"
            +--------+----------------+--------+----------+-----+
            | region | regionEndpoint | taskId | Odd Name | ODD |
            +--------+----------------+--------+----------+-----+
            | a      | ec2.a          | t      | o        | p   |
            | b      | ec2.b          | t      | o        | p   |
            +--------+----------------+--------+----------+-----+
        "#]],
    )
    .await;
    run(
        s,
        "select a.region from images a join regions b on a.region = b.region group by region order by REGION",
        expect![[r#"
            +--------+
            | region |
            +--------+
            | a      |
            +--------+
        "#]],
    )
    .await;
    run(
        s,
        "select * from images a left semi join regions b on a.region = b.REGION",
        expect![[r#"
            +--------+---------+------+
            | region | imageId | name |
            +--------+---------+------+
            | a      | ami-1   | web  |
            | a      | ami-2   | db   |
            +--------+---------+------+
        "#]],
    )
    .await;
    run(s, "select a.snapshottaskdetail.status, b.snapshottaskdetail.status from import_snapshot_tasks a join import_snapshot_tasks b on a.region = b.region order by 1", expect![[r#"
        +-----------------------------+-----------------------------+
        | a.snapshotTaskDetail.status | b.snapshotTaskDetail.status |
        +-----------------------------+-----------------------------+
        | active                      | active                      |
        | completed                   | completed                   |
        +-----------------------------+-----------------------------+
    "#]]).await;
}

#[tokio::test]
async fn queries() {
    let s = &session();
    run(s, "with T as (select snapshottaskdetail as Detail, region from import_snapshot_tasks) select DETAIL.userbucket.s3KEY from t where t.detail.PROGRESS = '7'", expect![[r#"
        +-------+
        | s3Key |
        +-------+
        | k2    |
        +-------+
    "#]]).await;
    run(
        s,
        "select D.FORMAT, d.userbucket.S3KEY from (select unnest(snapshotdetailset) as D from import_image_tasks) x",
        expect![[r#"
            +--------+-------+
            | format | s3Key |
            +--------+-------+
            | VMDK   | k1    |
            | RAW    |       |
            +--------+-------+
        "#]],
    )
    .await;
    run(
        s,
        "select unnest(SNAPSHOTDETAILSET).FORMAT from import_image_tasks",
        expect![[r#"
            +--------+
            | format |
            +--------+
            | VMDK   |
            | RAW    |
            +--------+
        "#]],
    )
    .await;
    run(
        s,
        "select NAME from images I where exists (select 1 from regions R where r.region = i.region) order by name",
        expect![[r#"
            +------+
            | name |
            +------+
            | db   |
            | web  |
            +------+
        "#]],
    )
    .await;
    run(s, "select importtaskid from import_snapshot_tasks T where exists (select 1 from import_image_tasks where STATUS = t.snapshottaskdetail.STATUS)", expect![[r#"
        +--------------+
        | importTaskId |
        +--------------+
        | s-1          |
        | s-2          |
        +--------------+
    "#]]).await;
    run(s, "select regionendpoint, (select max(NAME) from images i where I.region = r.region) as M from regions R order by m", expect![[r#"
        +----------------+-----+
        | regionEndpoint | M   |
        +----------------+-----+
        | ec2.a          | web |
        | ec2.b          |     |
        +----------------+-----+
    "#]]).await;
    run(
        s,
        "with recursive R(N) as (select 1 union all select n + 1 from r where N < 3) select n from R order by N",
        expect![[r#"
            +---+
            | N |
            +---+
            | 1 |
            | 2 |
            | 3 |
            +---+
        "#]],
    )
    .await;
    run(
        s,
        "select name from images union all select REGIONENDPOINT from regions order by NAME limit 2",
        expect![[r#"
            +-------+
            | name  |
            +-------+
            | db    |
            | ec2.a |
            +-------+
        "#]],
    )
    .await;
    run(
        s,
        "select region, row_number() over (order by NAME) as Rank from images qualify RANK = 1",
        expect![[r#"
            +--------+------+
            | region | Rank |
            +--------+------+
            | a      | 1    |
            +--------+------+
        "#]],
    )
    .await;
    run(
        s,
        "select sum(1) over W as n from images window w as (partition by REGION order by imageid)",
        expect![[r#"
            +---+
            | n |
            +---+
            | 1 |
            | 2 |
            | 1 |
            +---+
        "#]],
    )
    .await;
    run(
        s,
        "select distinct on (REGION) NAME from images order by REGION, NAME",
        expect![[r#"
            +------+
            | name |
            +------+
            | db   |
            | old  |
            +------+
        "#]],
    )
    .await;
    run(
        s,
        "select upper(region) as Big, count(*) from images group by BIG order by big",
        expect![[r#"
            +-----+----------+
            | Big | count(*) |
            +-----+----------+
            | A   | 2        |
            | Z   | 1        |
            +-----+----------+
        "#]],
    )
    .await;
    run(
        s,
        "select name as Region from images order by REGION",
        expect![[r#"
            +--------+
            | Region |
            +--------+
            | db     |
            | old    |
            | web    |
            +--------+
        "#]],
    )
    .await;
    run(
        s,
        "explain select NAME from images",
        expect![[r#"
            +---------------+---------------------------------------------------+
            | plan_type     | plan                                              |
            +---------------+---------------------------------------------------+
            | logical_plan  | SubqueryAlias: images                             |
            |               |   TableScan: aws.ec2_api.images projection=[name] |
            | physical_plan | DataSourceExec: partitions=1, partition_sizes=[1] |
            |               |                                                   |
            +---------------+---------------------------------------------------+
        "#]],
    )
    .await;
    run(
        s,
        "describe IMAGES",
        expect![[r#"
        +-------------+----------------------------------------------------------------------------------+-------------+
        | column_name | data_type                                                                        | is_nullable |
        +-------------+----------------------------------------------------------------------------------+-------------+
        | region      | Utf8                                                                             | YES         |
        | imageId     | Utf8                                                                             | YES         |
        | name        | Utf8                                                                             | YES         |
        | tags        | Map("entries": non-null Struct("keys": non-null Utf8, "values": Utf8), unsorted) | YES         |
        +-------------+----------------------------------------------------------------------------------+-------------+
    "#]],
    )
    .await;
    run(
        s,
        "select COLUMN1 from (values (1, 'a')) as v",
        expect![[r#"
            +---------+
            | column1 |
            +---------+
            | 1       |
            +---------+
        "#]],
    )
    .await;
    let terms = vec!["NAME = 'db'"; 200].join(" or ");
    run(
        s,
        &format!("select IMAGEID from images where {terms}"),
        expect![[r#"
            +---------+
            | imageId |
            +---------+
            | ami-2   |
            +---------+
        "#]],
    )
    .await;
}
