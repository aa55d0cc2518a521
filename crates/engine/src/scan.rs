//! The scan of one table: requests, pages, record batches.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions, SchedulingType};
use datafusion::physical_plan::metrics::{BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use ec2ql_catalog::Table;
use ec2ql_ec2::Client;
use futures::{StreamExt, TryStreamExt};

use crate::plan::RegionRequest;
use crate::read::RegionReader;
use crate::requests::RequestLog;

/// One scan: what every region is asked for, and which columns are decoded.
///
/// It has one partition whatever the number of regions: they are read side by side inside it, so that a limit above
/// stops all of them, and nothing is fetched that nobody asked for.
#[derive(Debug, Clone)]
pub(crate) struct Ec2Scan {
    pub(crate) table: Arc<Table>,
    pub(crate) source: Source,
    pub(crate) regions: Vec<RegionRequest>,
    pub(crate) projection: Vec<usize>,
    pub(crate) limit: Option<usize>,
    pub(crate) regions_at_once: usize,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// Where a scan reads, and on behalf of which statement.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) client: Client,
    pub(crate) requests: RequestLog,
    pub(crate) statement: i64,
}

/// Counters of a scan that `EXPLAIN ANALYZE` shows.
#[derive(Debug, Clone)]
pub(crate) struct ScanMetrics {
    pub(crate) pages: Count,
    pub(crate) bytes: Count,
    pub(crate) attempts: Count,
    pub(crate) throttles: Count,
}

impl Ec2Scan {
    pub(crate) fn new(
        table: Arc<Table>,
        source: Source,
        regions: Vec<RegionRequest>,
        projection: (Vec<usize>, SchemaRef),
        limit: Option<usize>,
    ) -> Self {
        let (projection, schema) = projection;
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Self {
            table,
            source,
            regions,
            projection,
            limit,
            regions_at_once: 1,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    fn scan_metrics(&self, partition: usize) -> ScanMetrics {
        let count = |name: &'static str| MetricBuilder::new(&self.metrics).counter(name, partition);
        ScanMetrics { pages: count("pages"), bytes: count("bytes"), attempts: count("attempts"), throttles: count("throttles") }
    }
}

impl DisplayAs for Ec2Scan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ec2Scan: {}", self.table.operation)?;
        for request in &self.regions {
            write!(f, ", {}", request.region)?;
            let ids = request.ids.as_ref().map_or(0, |(_, ids)| ids.len());
            if ids > 0 {
                write!(f, " {ids} ids")?;
            }
            for (name, values) in &request.filters {
                write!(f, " {name}={}", values.join("|"))?;
            }
        }
        if let Some(limit) = self.limit {
            write!(f, ", limit={limit}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for Ec2Scan {
    fn name(&self) -> &'static str {
        "Ec2Scan"
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
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        Ok(Arc::new(Statistics::new_unknown(&self.schema())))
    }

    /// Nothing is sent before the stream is polled.
    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let metrics = self.scan_metrics(partition);
        let readers: Vec<_> = self
            .regions
            .iter()
            .map(|request| RegionReader::new(self, request.clone(), self.schema(), metrics.clone()))
            .collect();
        let streams = futures::stream::iter(readers).map(|reader| {
            Box::pin(futures::stream::try_unfold(reader, |mut reader| async move {
                Ok::<_, ec2ql_ec2::Error>(reader.next().await?.map(|batch| (batch, reader)))
            }))
        });
        let batches = streams
            .flatten_unordered(self.regions_at_once)
            .map_err(|error| DataFusionError::External(Box::new(error)));
        let counted = batches.inspect_ok(move |batch| {
            baseline.record_output(batch.num_rows());
        });
        let limited = limit(counted, self.limit);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), limited)))
    }
}

/// Ends the stream with the row that the limit asks for last: no further page is wanted then.
fn limit(
    batches: impl futures::Stream<Item = Result<RecordBatch>> + Send,
    limit: Option<usize>,
) -> impl futures::Stream<Item = Result<RecordBatch>> + Send {
    let mut left = limit.unwrap_or(usize::MAX);
    let mut batches = Box::pin(batches);
    futures::stream::poll_fn(move |context| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        batches.as_mut().poll_next(context).map_ok(|batch| {
            let batch = if batch.num_rows() > left { batch.slice(0, left) } else { batch };
            left -= batch.num_rows();
            batch
        })
    })
}
