#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a failed assertion is the point of a test"
)]

use std::fs;
use std::io::{self, Seek as _, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use datafusion::arrow::array::{Int32Array, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit, UnionFields, UnionMode};
use datafusion::arrow::ipc::reader::{FileReader, StreamReader};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use expect_test::{Expect, expect};
use futures::StreamExt as _;

use super::{Format, Options, Target, copy_into, copy_to, encoder};
use crate::{Error, Rows};

const ROWS: &str = r#"
{"id":"import-ami-1","size":705638400.0,"n":9223372036854775807,"done":true,"at":"2019-02-05T03:35:36.981Z","disks":[{"url":"s3://b/k","position":1},{"url":null,"position":2}],"tags":{"wave":"a \"b\"","x":null},"bin":"00ff"}
{"id":"","size":1.073741824E10,"n":-9223372036854775808,"done":false,"at":"2010-12-22T12:01:00Z","disks":[],"tags":{}}
{"id":null,"disks":null}
{"id":"a,b\n\"c\"\r","size":0.1,"disks":[null]}
{"id":" padded ","n":0}
{"id":"=1+1","tags":{"k":"\u202e\u0000\ud83d\ude80"}}
"#;

#[test]
fn csv_keeps_null_and_empty_apart_and_numbers_exact() {
    check(
        Format::Csv,
        &rows(),
        expect![[r#"
            id,size,n,done,at,disks,tags,bin
            import-ami-1,705638400.0,9223372036854775807,true,2019-02-05T03:35:36.981Z,"[{""url"":""s3://b/k"",""position"":1},{""url"":null,""position"":2}]","{""wave"":""a \""b\"""",""x"":null}",00ff
            "",10737418240.0,-9223372036854775808,false,2010-12-22T12:01:00Z,[],{},
            ,,,,,,,
            "a,b
            ""c""␍",0.1,,,,[null],,
            " padded ",,0,,,,,
            =1+1,,,,,,"{""k"":""␮\u0000🚀""}",
        "#]],
    );
}

#[test]
fn json_is_one_array_with_explicit_nulls() {
    check(
        Format::Json,
        &rows().slice(0, 3),
        expect![[r#"
            [
            {"id":"import-ami-1","size":705638400.0,"n":9223372036854775807,"done":true,"at":"2019-02-05T03:35:36.981Z","disks":[{"url":"s3://b/k","position":1},{"url":null,"position":2}],"tags":{"wave":"a \"b\"","x":null},"bin":"00ff"},
            {"id":"","size":1.073741824e10,"n":-9223372036854775808,"done":false,"at":"2010-12-22T12:01:00Z","disks":[],"tags":{},"bin":null},
            {"id":null,"size":null,"n":null,"done":null,"at":null,"disks":null,"tags":null,"bin":null}
            ]
        "#]],
    );
}

#[test]
fn jsonl_is_one_object_a_line() {
    check(
        Format::Jsonl,
        &rows().slice(3, 2),
        expect![[r#"
            {"id":"a,b\n\"c\"\r","size":0.1,"n":null,"done":null,"at":null,"disks":[null],"tags":null,"bin":null}
            {"id":" padded ","size":null,"n":0,"done":null,"at":null,"disks":null,"tags":null,"bin":null}
        "#]],
    );
}

#[test]
fn no_batch_at_all_is_a_whole_output() {
    let bytes = |format| encode(format, &schema(), &[], Options { header: true, to_file: false }).unwrap();
    assert_eq!(bytes(Format::Csv), b"id,size,n,done,at,disks,tags,bin\n");
    assert_eq!(bytes(Format::Json), b"[\n]\n");
    assert_eq!(bytes(Format::Jsonl), b"");
    assert_eq!(read_parquet(&bytes(Format::Parquet)), RecordBatch::new_empty(schema()));
    let arrow = StreamReader::try_new(io::Cursor::new(bytes(Format::Arrow)), None).unwrap();
    assert_eq!((arrow.schema(), arrow.count()), (schema(), 0));
}

#[test]
fn csv_without_header() {
    let batch = rows().project(&[0]).unwrap();
    let bytes = encode(Format::Csv, &batch.schema(), &[batch.slice(0, 1)], Options { header: false, to_file: false });
    assert_eq!(bytes.unwrap(), b"import-ami-1\n");
}

#[test]
fn parquet_reads_back_equal_and_names_its_writer() {
    let bytes = encode(Format::Parquet, &schema(), &[rows(), rows()], Options::default()).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file(&bytes)).unwrap();
    let file = reader.metadata().file_metadata();
    assert!(file.created_by().unwrap().starts_with("ec2ql "));
    let version = file.key_value_metadata().unwrap().iter().find(|pair| pair.key == "ec2ql.version").unwrap();
    assert_eq!(version.value.as_deref(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(read_parquet(&bytes), concat_batches(&schema(), &[rows(), rows()]).unwrap());
}

#[test]
fn parquet_row_groups_are_bounded_in_rows_and_bytes() {
    let schema: SchemaRef = Schema::new(vec![Field::new("n", DataType::Int32, false)]).into();
    let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(Int32Array::from_iter_values(0..100_000))]).unwrap();
    let rows: Vec<_> = row_groups(&schema, &[batch]).iter().map(|(rows, _)| *rows).collect();
    assert_eq!(rows, [32_768, 32_768, 32_768, 1_696]);

    // Text that does not compress: 1 KiB a row, 48 MiB in all.
    let schema: SchemaRef = Schema::new(vec![Field::new("t", DataType::Utf8, false)]).into();
    let mut state = 1_u64;
    let mut text = || -> String {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
        };
        (0..1024).map(|_| next()).collect()
    };
    let batch = RecordBatch::try_new(
        schema.clone(),
        vec![Arc::new(StringArray::from_iter_values((0..48 * 1024).map(|_| text())))],
    );
    let groups = row_groups(&schema, &[batch.unwrap()]);
    assert!(groups.len() >= 2 && groups.iter().all(|(_, bytes)| *bytes <= 17 * 1024 * 1024), "{groups:?}");
}

#[test]
fn arrow_is_a_file_in_a_file_and_a_stream_elsewhere() {
    let file = encode(Format::Arrow, &schema(), &[rows()], Options::default()).unwrap();
    let read: Vec<_> = FileReader::try_new(io::Cursor::new(file), None).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, [rows()]);
    let stream = encode(Format::Arrow, &schema(), &[rows()], Options { header: true, to_file: false }).unwrap();
    let read: Vec<_> = StreamReader::try_new(io::Cursor::new(stream), None).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, [rows()]);
}

#[test]
fn a_type_without_a_form_is_refused_before_any_row() {
    let union = DataType::Union(UnionFields::empty(), UnionMode::Dense);
    let unions: SchemaRef = Schema::new(vec![Field::new("u", DataType::new_list(union, true), true)]).into();
    for format in [Format::Csv, Format::Json, Format::Jsonl, Format::Parquet] {
        assert!(encode(format, &unions, &[], Options::default()).is_err(), "{format}");
    }
    let twice: SchemaRef =
        Schema::new(vec![Field::new("region", DataType::Utf8, true), Field::new("region", DataType::Utf8, true)])
            .into();
    let error = encode(Format::Json, &twice, &[], Options::default()).unwrap_err();
    assert_eq!(error.message(), "json needs each column name once, and \"region\" comes twice");
    assert_eq!(encode(Format::Csv, &twice, &[], Options::default()).unwrap(), b"region,region\n");
}

/// O01: the device is full at write n, for every n.
#[test]
fn a_write_that_fails_is_an_error_of_the_output() {
    let wide = concat_batches(&schema(), &vec![rows(); 500]).unwrap();
    for format in Format::ALL {
        let mut n = 0;
        loop {
            let out = Failing { left: n };
            let result =
                encoder(format, &schema(), Box::new(out), "\"out\"", Options::default()).and_then(|mut encoder| {
                    encoder.write(&wide)?;
                    encoder.write(&wide)?;
                    encoder.finish()
                });
            let Err(error) = result else { break };
            assert_eq!(error.class(), crate::Class::Output, "{format} at {n}: {error}");
            assert!(error.detail().unwrap().contains("no space"), "{format} at {n}: {error}");
            n += 1;
        }
        assert!(n >= 1, "{format} wrote nothing");
    }
}

/// O01: a device that is full; /dev/full is written in place.
#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_an_error_of_the_output() {
    let error = block_on(copy_to(result(vec![Ok(rows())]), Path::new("/dev/full"), Format::Csv, false)).unwrap_err();
    assert_eq!((error.class(), error.sqlstate()), (crate::Class::Output, "58030"));
    block_on(copy_to(result(vec![Ok(rows())]), Path::new("/dev/null"), Format::Parquet, false)).unwrap();
}

/// O04: an existing file stays, whether it was there before or came while rows were read.
#[test]
fn an_existing_file_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    fs::write(&path, "precious").unwrap();
    let unread =
        Rows { schema: schema(), stream: futures::stream::poll_fn(|_| panic!("no row may be asked for")).boxed() };
    let error = block_on(copy_to(unread, &path, Format::Csv, false)).unwrap_err();
    assert_eq!((error.class(), error.sqlstate()), (crate::Class::Output, "58P02"));

    let late = folder.path().join("late.csv");
    let target = Target::create(&late, false).unwrap();
    fs::write(&late, "precious").unwrap();
    let error = block_on(copy_into(result(vec![Ok(rows())]), target, Format::Csv, Options::default())).unwrap_err();
    assert_eq!(error.sqlstate(), "58P02");
    assert_eq!(fs::read_to_string(&late).unwrap(), "precious");
    assert_eq!(names(folder.path()), ["late.csv", "out.csv"]);

    assert_eq!(block_on(copy_to(result(vec![Ok(rows())]), &path, Format::Jsonl, true)).unwrap(), 6);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 6);
    assert_eq!(names(folder.path()), ["late.csv", "out.csv"]);
}

/// O08: an error after a million rows leaves no file, and an older one as it was.
#[test]
fn a_query_that_fails_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for format in Format::ALL {
        let path = folder.path().join("out");
        let schema: SchemaRef = Schema::new(vec![Field::new("n", DataType::Int32, false)]).into();
        let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(Int32Array::from(vec![7; 8192]))]).unwrap();
        let mut batches = vec![Ok(batch); 123];
        batches.push(Err(Error::cancelled()));
        let rows = Rows { schema, stream: futures::stream::iter(batches).boxed() };
        let error = block_on(copy_to(rows, &path, format, false)).unwrap_err();
        assert_eq!(error.class(), crate::Class::Cancelled);
        assert!(names(folder.path()).is_empty(), "{format}");
    }
}

/// O11: two exports to one name: one wins, whole.
#[test]
fn of_two_exports_to_one_name_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    let (first, second) = (Target::create(&path, false).unwrap(), Target::create(&path, false).unwrap());
    let run = |target| block_on(copy_into(result(vec![Ok(rows())]), target, Format::Jsonl, Options::default()));
    run(first).unwrap();
    assert_eq!(run(second).unwrap_err().sqlstate(), "58P02");
    assert_eq!(names(folder.path()), ["out.csv"]);
}

/// O05, O12: what a target may be, and the mode of a new file.
#[cfg(unix)]
#[test]
fn a_target_is_a_file_or_a_device() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    fs::write(at("other"), "precious").unwrap();
    symlink(at("other"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    for name in ["folder", "link", "dangling", "pipe", "missing/out.csv", "new/", "", ".."] {
        let error = Target::create(&at(name), true).unwrap_err();
        assert_eq!(error.class(), crate::Class::Output, "{name}: {error}");
    }
    assert_eq!(fs::read_to_string(at("other")).unwrap(), "precious");
    assert_eq!(names(folder.path()), ["dangling", "folder", "link", "other", "pipe"]);

    block_on(copy_to(result(vec![]), &at("new.csv"), Format::Csv, false)).unwrap();
    let mode = |name| fs::metadata(at(name)).unwrap().permissions().mode();
    assert_eq!(mode("new.csv"), mode("other"));
}

#[test]
fn formats_by_name_and_extension() {
    let of = |name: &str| Format::from_extension(Path::new(name));
    assert_eq!(of("a/b.PARQUET"), Some(Format::Parquet));
    assert_eq!(of("b.ndjson"), Some(Format::Jsonl));
    assert_eq!((of("b.txt"), of("csv"), of("b.")), (None, None, None));
    assert_eq!("xml".parse::<Format>().unwrap_err().message(), "there is no format \"xml\"");
}

/// A stopped export leaves nothing, however long the rows that it waits for are computed.
#[test]
fn a_stopped_export_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    let (release, busy) = std::sync::mpsc::channel::<()>();
    // A computation that does not give way until it is told to.
    let mut batches = futures::stream::iter([Ok(rows())]).chain(futures::stream::poll_fn(move |_| {
        busy.recv().unwrap();
        std::task::Poll::Ready(None)
    }));
    let stream = futures::stream::poll_fn(move |context| batches.poll_next_unpin(context)).boxed();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let export = copy_to(Rows { schema: schema(), stream }, &path, Format::Csv, false);
        let stopped = tokio::time::timeout(std::time::Duration::from_millis(50), export).await;
        assert!(stopped.is_err());
        assert!(names(folder.path()).is_empty());
        release.send(()).unwrap();
    });
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn check(format: Format, batch: &RecordBatch, expected: Expect) {
    let bytes = encode(format, &batch.schema(), std::slice::from_ref(batch), Options { header: true, to_file: false });
    // What an editor would change or hide is shown as a symbol.
    let shown = String::from_utf8(bytes.unwrap()).unwrap().replace('\r', "␍").replace('\u{202e}', "␮");
    expected.assert_eq(&shown);
}

fn encode(format: Format, schema: &SchemaRef, batches: &[RecordBatch], options: Options) -> Result<Vec<u8>, Error> {
    let shared = Shared::default();
    let mut encoder = encoder(format, schema, Box::new(shared.clone()), "out", options)?;
    for batch in batches {
        encoder.write(batch)?;
    }
    encoder.finish()?;
    let bytes = shared.0.lock().unwrap().clone();
    Ok(bytes)
}

fn row_groups(schema: &SchemaRef, batches: &[RecordBatch]) -> Vec<(i64, i64)> {
    let bytes = encode(Format::Parquet, schema, batches, Options::default()).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file(&bytes)).unwrap();
    reader.metadata().row_groups().iter().map(|group| (group.num_rows(), group.compressed_size())).collect()
}

fn file(bytes: &[u8]) -> fs::File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

fn read_parquet(bytes: &[u8]) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file(bytes)).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
    let batch = concat_batches(&schema, &batches).unwrap();
    // The file's key-value metadata is part of the schema that was read.
    RecordBatch::try_new(self::schema(), batch.columns().to_vec()).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn result(batches: Vec<Result<RecordBatch, Error>>) -> Rows {
    Rows { schema: schema(), stream: futures::stream::iter(batches).boxed() }
}

fn rows() -> RecordBatch {
    let reader = arrow_json::ReaderBuilder::new(schema()).build(io::Cursor::new(ROWS.trim())).unwrap();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    let batch = concat_batches(&schema(), &batches).unwrap();
    assert_eq!(batch.num_rows(), 6);
    batch
}

fn schema() -> SchemaRef {
    let disk =
        Fields::from(vec![Field::new("url", DataType::Utf8, true), Field::new("position", DataType::Int32, true)]);
    let tag = Fields::from(vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Utf8, true)]);
    Schema::new(vec![
        Field::new("id", DataType::Utf8, true),
        Field::new("size", DataType::Float64, true),
        Field::new("n", DataType::Int64, true),
        Field::new("done", DataType::Boolean, true),
        Field::new("at", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), true),
        Field::new("disks", DataType::new_list(DataType::Struct(disk), true), true),
        Field::new("tags", DataType::Map(Field::new("entries", DataType::Struct(tag), false).into(), false), true),
        Field::new("bin", DataType::Binary, true),
    ])
    .into()
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes `left` writes, then the device is full.
struct Failing {
    left: usize,
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("no space left"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
