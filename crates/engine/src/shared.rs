//! Requests that several scans of a statement need: each is sent once, and what it answers is held for all of them.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::common::{Result, internal_datafusion_err};
use ec2ql_ec2::Call;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::call::{Batches, CallReader, Columns, Reading};
use crate::error::Error;
use crate::plan::Given;
use crate::schema;

/// Bytes of rows of a statement that are held in memory; the rest waits in a temporary file.
const HELD_BYTES_MAX: usize = 64 << 20;

/// What the scans of one statement share, by the question that they ask.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<Arc<Group>>>>);

/// The operation, and the request parameters that the statement gives: scans that differ in these have no request in
/// common.
pub(crate) type Question = (String, Vec<Given>);

impl Shared {
    /// From now on scans that want these columns, of tables of the question's operation, share their requests.
    pub(crate) fn insert(&self, question: Question, wanted: impl IntoIterator<Item = Columns>) -> Result<()> {
        let mut tables: Vec<Columns> = vec![];
        for columns in wanted {
            match tables.iter_mut().find(|known| known.table.name == columns.table.name) {
                Some(known) => known.projection.extend(columns.projection),
                None => tables.push(columns),
            }
        }
        for Columns { table, projection, schema } in &mut tables {
            projection.sort_unstable();
            projection.dedup();
            *schema = Arc::new(schema::table_schema(table).project(projection)?);
        }
        let store = Arc::new(Mutex::new(Store { bytes_max: HELD_BYTES_MAX, ..Store::default() }));
        lock(&self.0).push(Arc::new(Group { question, tables, store, calls: Mutex::default() }));
        Ok(())
    }

    /// Whoever wants these columns of a table, in answer to such a question; None: its requests are its own.
    pub(crate) fn find(&self, operation: &str, given: &[Given], wanted: &Columns) -> Option<Sharer> {
        let groups = lock(&self.0);
        let group = groups.iter().find(|group| group.question.0 == operation && group.question.1 == given)?;
        let table = group.tables.iter().position(|held| held.table.name == wanted.table.name)?;
        let held = &group.tables.get(table)?.projection;
        let places = wanted.projection.iter().map(|wanted| held.iter().position(|place| place == wanted));
        Some(Sharer { group: Arc::clone(group), table, places: places.collect::<Option<_>>()? })
    }
}

/// Scans that may need the same requests.
#[derive(Debug)]
struct Group {
    question: Question,
    tables: Vec<Columns>,
    store: Arc<Mutex<Store>>,
    calls: Mutex<HashMap<Call, Arc<SharedCall>>>,
}

/// One scan of a group.
#[derive(Debug, Clone)]
pub(crate) struct Sharer {
    group: Arc<Group>,
    /// Its table, as a place in the group's.
    table: usize,
    /// Its columns, as places in the table's.
    places: Vec<usize>,
}

impl Sharer {
    /// What the call answers, read by whoever needs it first.
    pub(crate) fn call(&self, call: &Call, reading: &Reading) -> HeldReader {
        let group = &self.group;
        let known =
            lock(&group.calls).entry(call.clone()).or_insert_with(|| SharedCall::new(call, reading, group)).clone();
        HeldReader { call: known, sharer: self.clone(), place: 0 }
    }
}

/// The rows of one call from the first, for one scan.
#[derive(Debug)]
pub(crate) struct HeldReader {
    call: Arc<SharedCall>,
    sharer: Sharer,
    place: usize,
}

impl HeldReader {
    /// The next batch; None after the last.
    pub(crate) async fn batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        let Some(batch) = self.call.batch(self.sharer.table, self.place).await? else { return Ok(None) };
        self.place += 1;
        Ok(Some(batch.project(&self.sharer.places).map_err(datafusion::error::DataFusionError::from)?))
    }
}

/// One call and what it has answered so far.
#[derive(Debug)]
struct SharedCall {
    progress: Mutex<Progress>,
    store: Arc<Mutex<Store>>,
}

struct Progress {
    /// One list for each table.
    batches: Vec<Vec<Place>>,
    next: Next,
}

enum Next {
    /// A page, asked for when somebody waits for it. Whoever waits drives it: a scan that is not asked for rows must not
    /// keep the others waiting.
    Page(futures::future::Shared<BoxFuture<'static, ()>>),
    /// Every scan gets the error, not only the one that met it.
    End(Result<(), Error>),
}

impl SharedCall {
    fn new(call: &Call, reading: &Reading, group: &Group) -> Arc<Self> {
        let reader = CallReader::new(call.clone(), reading.clone(), group.tables.clone());
        let batches = group.tables.iter().map(|_| vec![]).collect();
        Arc::new_cyclic(|this| Self {
            progress: Mutex::new(Progress { batches, next: Next::page(this.clone(), reader) }),
            store: Arc::clone(&group.store),
        })
    }

    async fn batch(&self, table: usize, place: usize) -> Result<Option<RecordBatch>, Error> {
        loop {
            let page = {
                let progress = lock(&self.progress);
                if let Some(found) = progress.batches.get(table).and_then(|batches| batches.get(place)) {
                    return Ok(Some(lock(&self.store).get(found)?));
                }
                match &progress.next {
                    Next::Page(page) => page.clone(),
                    Next::End(end) => return end.clone().map(|()| None),
                }
            };
            page.await;
        }
    }

    fn took(self: &Arc<Self>, page: Result<Option<Batches>, ec2ql_ec2::Error>, reader: CallReader) {
        let mut progress = lock(&self.progress);
        progress.next = match page {
            Ok(Some(page)) => match progress.keep(page, &mut lock(&self.store)) {
                Ok(()) => Next::page(Arc::downgrade(self), reader),
                Err(error) => Next::End(Err(error.into())),
            },
            Ok(None) => Next::End(Ok(())),
            Err(error) => Next::End(Err(error.into())),
        };
    }
}

impl Next {
    /// It does not keep the call alive: when nobody wants the rows any more, the request ends.
    fn page(call: Weak<SharedCall>, mut reader: CallReader) -> Self {
        let read = async move {
            let page = reader.page().await;
            if let Some(call) = call.upgrade() {
                call.took(page, reader);
            }
        };
        Self::Page(read.boxed().shared())
    }
}

impl Progress {
    fn keep(&mut self, page: Batches, store: &mut Store) -> Result<()> {
        for (kept, batches) in self.batches.iter_mut().zip(page) {
            for batch in batches {
                kept.push(store.keep(batch)?);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("batches", &self.batches).finish_non_exhaustive()
    }
}

/// Where batches are held.
#[derive(Debug, Default)]
struct Store {
    bytes: usize,
    bytes_max: usize,
    spill: Option<File>,
}

#[derive(Debug)]
enum Place {
    Memory(RecordBatch),
    File { offset: u64, bytes: usize },
}

impl Store {
    fn keep(&mut self, batch: RecordBatch) -> Result<Place> {
        let bytes = batch.get_array_memory_size();
        if self.bytes + bytes <= self.bytes_max {
            self.bytes += bytes;
            return Ok(Place::Memory(batch));
        }
        let file = match &mut self.spill {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
        writer.write(&batch)?;
        let encoded = writer.into_inner()?;
        let offset = file.seek(SeekFrom::End(0))?;
        file.write_all(&encoded)?;
        Ok(Place::File { offset, bytes: encoded.len() })
    }

    fn get(&mut self, place: &Place) -> Result<RecordBatch> {
        match (place, &mut self.spill) {
            (Place::Memory(batch), _) => Ok(batch.clone()),
            (Place::File { offset, bytes }, Some(file)) => {
                let mut encoded = vec![0; *bytes];
                file.seek(SeekFrom::Start(*offset))?;
                file.read_exact(&mut encoded)?;
                let mut reader = StreamReader::try_new(encoded.as_slice(), None)?;
                Ok(reader.next().ok_or_else(|| internal_datafusion_err!("a held batch is empty"))??)
            }
            (Place::File { .. }, None) => Err(internal_datafusion_err!("the file of held batches is gone")),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]
mod tests {
    use datafusion::arrow::array::Int32Array;
    use datafusion::arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn batches_above_the_bound_come_back_from_the_file() {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int32, true)]));
        let batch = |n: i32| {
            let numbers = Int32Array::from(vec![Some(n), None]);
            RecordBatch::try_new(schema.clone(), vec![Arc::new(numbers)]).unwrap()
        };
        let mut store = Store { bytes_max: 2 * batch(0).get_array_memory_size(), ..Store::default() };
        let kept: Vec<Place> = (0..5).map(|n| store.keep(batch(n)).unwrap()).collect();
        assert!(matches!(kept.as_slice(), [Place::Memory(_), Place::Memory(_), Place::File { .. }, ..]));
        for (n, place) in (0..5).zip(&kept).rev() {
            assert_eq!(store.get(place).unwrap(), batch(n));
        }
    }
}
