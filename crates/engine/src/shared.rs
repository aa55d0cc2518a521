//! One scan that several operators of a statement read: what is needed twice is asked for once.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::ReplaceChildrenOptions;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;
use tokio::sync::Mutex;

use crate::scan::{self, Ec2Scan, Spec};

/// Bytes of rows that are held in memory; the rest waits in a temporary file.
const HELD_BYTES_MAX: usize = 64 << 20;

/// The scan and what it has read so far.
#[derive(Debug)]
pub(crate) struct Shared {
    scan: Ec2Scan,
    held: Mutex<Held>,
    held_bytes_max: usize,
}

#[derive(Default)]
struct Held {
    /// None: not begun.
    source: Option<SendableRecordBatchStream>,
    batches: Vec<Place>,
    bytes: usize,
    spill: Option<File>,
    done: bool,
    /// Every reader gets the error, not only the one that met it.
    failed: Option<Arc<DataFusionError>>,
}

enum Place {
    Memory(RecordBatch),
    File { offset: u64, bytes: usize },
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("batches", &self.batches.len()).field("done", &self.done).finish_non_exhaustive()
    }
}

impl Shared {
    /// One scan with the columns of all of them.
    pub(crate) fn of(scans: &[Ec2Scan]) -> Result<Arc<Self>> {
        let Some(first) = scans.first() else { return Err(internal_datafusion_err!("no scan to share")) };
        let mut projection: Vec<usize> = scans.iter().flat_map(|scan| scan.spec.projection.iter().copied()).collect();
        projection.sort_unstable();
        projection.dedup();
        let spec = &first.spec;
        let schema = Arc::new(crate::schema::table_schema(&spec.table).project(&projection)?);
        let spec = Spec {
            table: spec.table.clone(),
            source: spec.source.clone(),
            filters: spec.filters.clone(),
            given: spec.given.clone(),
            projection,
            limit: None,
            settings: spec.settings.clone(),
        };
        Ok(Arc::new(Self { scan: Ec2Scan::new(spec, schema), held: Mutex::default(), held_bytes_max: HELD_BYTES_MAX }))
    }

    /// The batch at this place; None after the last. Whoever comes first reads it.
    async fn batch(&self, place: usize, context: &Arc<TaskContext>) -> Result<Option<RecordBatch>> {
        let mut held = self.held.lock().await;
        while held.batches.len() <= place {
            if let Some(error) = &held.failed {
                return Err(DataFusionError::Shared(Arc::clone(error)));
            }
            if held.done {
                return Ok(None);
            }
            let source = match &mut held.source {
                Some(source) => source,
                none => none.insert(self.scan.execute(0, Arc::clone(context))?),
            };
            match source.next().await {
                Some(Ok(batch)) => held.keep(batch, self.held_bytes_max)?,
                Some(Err(error)) => held.failed = Some(Arc::new(error)),
                None => held.done = true,
            }
        }
        held.get(place).map(Some)
    }
}

impl Held {
    fn keep(&mut self, batch: RecordBatch, bytes_max: usize) -> Result<()> {
        let bytes = batch.get_array_memory_size();
        if self.bytes + bytes <= bytes_max {
            self.bytes += bytes;
            self.batches.push(Place::Memory(batch));
            return Ok(());
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
        self.batches.push(Place::File { offset, bytes: encoded.len() });
        Ok(())
    }

    fn get(&mut self, place: usize) -> Result<RecordBatch> {
        match (self.batches.get(place), &mut self.spill) {
            (Some(Place::Memory(batch)), _) => Ok(batch.clone()),
            (Some(Place::File { offset, bytes }), Some(file)) => {
                let mut encoded = vec![0; *bytes];
                file.seek(SeekFrom::Start(*offset))?;
                file.read_exact(&mut encoded)?;
                let mut reader = StreamReader::try_new(encoded.as_slice(), None)?;
                Ok(reader.next().ok_or_else(|| internal_datafusion_err!("a held batch is empty"))??)
            }
            _ => Err(internal_datafusion_err!("no batch is held at place {place}")),
        }
    }
}

/// One reader of a shared scan, with its own columns of it.
#[derive(Debug, Clone)]
pub(crate) struct SharedScan {
    shared: Arc<Shared>,
    /// Its columns, as places in those of the shared scan.
    columns: Vec<usize>,
    properties: Arc<PlanProperties>,
}

impl SharedScan {
    /// A reader in the place of this scan.
    pub(crate) fn of(shared: &Arc<Shared>, scan: &Ec2Scan) -> Result<Arc<Self>> {
        let all = &shared.scan.spec.projection;
        let places = scan.spec.projection.iter().map(|wanted| all.iter().position(|place| place == wanted));
        let Some(columns) = places.collect::<Option<Vec<_>>>() else {
            return Err(internal_datafusion_err!("a shared scan lacks a column"));
        };
        Ok(Arc::new(Self { shared: Arc::clone(shared), columns, properties: scan::properties(scan.schema()) }))
    }

    pub(crate) fn scan(&self) -> &Ec2Scan {
        &self.shared.scan
    }
}

impl DisplayAs for SharedScan {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared ")?;
        self.shared.scan.fmt_as(format, f)
    }
}

impl ExecutionPlan for SharedScan {
    fn name(&self) -> &'static str {
        "SharedScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.shared.scan.metrics()
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (shared, columns) = (Arc::clone(&self.shared), self.columns.clone());
        let batches = futures::stream::try_unfold(0, move |place| {
            let (shared, columns, context) = (Arc::clone(&shared), columns.clone(), Arc::clone(&context));
            async move {
                let Some(batch) = shared.batch(place, &context).await? else { return Ok(None) };
                Ok(Some((batch.project(&columns)?, place + 1)))
            }
        });
        let schema: SchemaRef = self.schema();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
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
        let mut held = Held::default();
        let one = batch(0).get_array_memory_size();
        for n in 0..5 {
            held.keep(batch(n), 2 * one).unwrap();
        }
        assert!(matches!(held.batches.as_slice(), [Place::Memory(_), Place::Memory(_), Place::File { .. }, ..]));
        for (place, n) in [(4, 4), (0, 0), (2, 2), (3, 3), (1, 1)] {
            assert_eq!(held.get(place).unwrap(), batch(n));
        }
    }
}
