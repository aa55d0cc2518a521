//! The scan of one table: requests, pages, record batches.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::config::ConfigOptions;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions, SchedulingType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet, RecordOutput,
};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, apply_expression_roots,
};
use ec2ql_catalog::Table;
use ec2ql_ec2::Client;
use futures::{StreamExt, TryStreamExt};

use crate::bind;
use crate::call::{Columns, Reading};
use crate::domain::Regions;
use crate::enabled::EnabledRegions;
use crate::error::{Error, Reason};
use crate::explain;
use crate::plan::{self, Ask, Given, RegionRequest};
use crate::read::{RegionReader, ScanReading};
use crate::requests::RequestLog;
use crate::rules::JOIN_ROWS_MAX;
use crate::settings::Settings;
use crate::shared::{Shared, Sharer};

/// One scan of a table: what is asked for, and which columns are decoded.
///
/// It has one partition whatever the number of regions: they are read side by side inside it, so that a limit above
/// stops all of them, nothing is fetched that nobody asked for, and a join may name the regions when the scan runs.
#[derive(Debug, Clone)]
pub(crate) struct Ec2Scan {
    pub(crate) spec: Arc<Spec>,
    /// Predicates that joins and sub-queries make at run time.
    pub(crate) dynamic: Vec<Arc<dyn PhysicalExpr>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// What the statement says of a scan.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) table: Arc<Table>,
    pub(crate) source: Source,
    pub(crate) filters: Vec<Expr>,
    pub(crate) given: Vec<Given>,
    pub(crate) projection: Vec<usize>,
    pub(crate) limit: Option<usize>,
    pub(crate) settings: Settings,
}

/// Where a scan reads, and on behalf of which statement.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) client: Client,
    pub(crate) requests: RequestLog,
    pub(crate) statement: i64,
    pub(crate) home_region: String,
    pub(crate) enabled: EnabledRegions,
    pub(crate) shared: Shared,
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
    /// `schema` has the projected columns.
    pub(crate) fn new(spec: Spec, schema: SchemaRef) -> Self {
        Self {
            spec: Arc::new(spec),
            dynamic: vec![],
            properties: properties(schema),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    pub(crate) fn with_dynamic(&self, dynamic: Vec<Arc<dyn PhysicalExpr>>) -> Self {
        Self { dynamic, ..self.clone() }
    }

    pub(crate) fn ask(&self) -> Ask<'_> {
        self.spec.ask(&self.dynamic)
    }

    /// What is decoded.
    pub(crate) fn columns(&self) -> Columns {
        let Spec { table, projection, .. } = self.spec.as_ref();
        Columns { table: table.clone(), projection: projection.clone(), schema: self.schema() }
    }

    /// The requests that it shares with other scans of the statement.
    pub(crate) fn sharer(&self) -> Option<Sharer> {
        let Spec { table, given, source, .. } = self.spec.as_ref();
        source.shared.find(&table.operation, given, &self.columns())
    }

    /// Reads the regions side by side; under a limit one after the other, since the first may be enough.
    pub(crate) fn read(
        &self,
        requests: Vec<RegionRequest>,
    ) -> impl futures::Stream<Item = Result<RecordBatch>> + Send + use<> {
        let spec = &self.spec;
        let at_once = if spec.limit.is_some() { 1 } else { spec.settings.regions_at_once };
        let source = spec.source.clone();
        let reading = Reading {
            client: source.client.clone(),
            requests: source.requests.clone(),
            statement: source.statement,
            given: spec.given.clone(),
            ahead: spec.limit.is_none(),
            metrics: self.scan_metrics(),
        };
        let (columns, sharer) = (self.columns(), self.sharer());
        let scan = Arc::new(ScanReading { source, columns, reading, sharer });
        let readers = requests.into_iter().map(move |request| RegionReader::new(scan.clone(), request));
        let streams = futures::stream::iter(readers.collect::<Vec<_>>()).map(|reader| {
            Box::pin(futures::stream::try_unfold(reader, |mut reader| async move {
                Ok::<_, Error>(reader.next().await?.map(|batch| (batch, reader)))
            }))
        });
        streams.flatten_unordered(at_once).map_err(DataFusionError::from)
    }

    fn scan_metrics(&self) -> ScanMetrics {
        let count = |name: &'static str| MetricBuilder::new(&self.metrics).counter(name, 0);
        ScanMetrics {
            pages: count("pages"),
            bytes: count("bytes"),
            attempts: count("attempts"),
            throttles: count("throttles"),
        }
    }
}

impl Spec {
    pub(crate) fn ask<'a>(&'a self, dynamic: &'a [Arc<dyn PhysicalExpr>]) -> Ask<'a> {
        Ask {
            table: &self.table,
            filters: &self.filters,
            dynamic,
            limit: self.limit,
            settings: &self.settings,
            given: &self.given,
            home_region: &self.source.home_region,
        }
    }

    /// What every region is asked for, once the joins that say so have read their other side.
    pub(crate) async fn requests(&self, dynamic: &[Arc<dyn PhysicalExpr>]) -> Result<Vec<RegionRequest>> {
        bind::complete(dynamic).await;
        let ask = self.ask(dynamic);
        let regions = match plan::scope(&ask)? {
            Regions::Open => return Err(too_many(&self.table.name.to_string()).into()),
            Regions::Bound { named, enabled: false } => named,
            Regions::Bound { mut named, enabled: true } => {
                let enabled = self.source.enabled.get(&self.source).await;
                named.extend(enabled.map_err(DataFusionError::from)?);
                named
            }
        };
        let requests = plan::requests(&ask, regions)?;
        check_regions(&self.source.client, requests.iter().map(|request| &request.region))?;
        Ok(requests)
    }
}

/// One partition of a remote source: bounded, row by row as pages arrive, and willing to yield.
pub(crate) fn properties(schema: SchemaRef) -> Arc<PlanProperties> {
    let (partitions, order) = (Partitioning::UnknownPartitioning(1), EquivalenceProperties::new(schema));
    let properties = PlanProperties::new(order, partitions, EmissionType::Incremental, Boundedness::Bounded);
    Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative))
}

/// The error of a scan of which nothing says where.
pub(crate) fn unbound(spec: &Spec, joined: bool) -> DataFusionError {
    let (table, home) = (spec.table.name.to_string(), spec.source.home_region.clone());
    Error::new(Reason::RegionUnbound { table, joined, home }).into()
}

/// The error of a join whose values are not handed on, and with them the regions.
fn too_many(table: &str) -> Error {
    let message = format!("the regions of \"{table}\" are among more than {JOIN_ROWS_MAX} values of a join");
    Error::usage(message, Some("Say the regions beside the join: AND region IN ('us-east-1', 'eu-west-1')."))
}

/// No request is made of a region that does not exist.
pub(crate) fn check_regions<'a>(client: &Client, regions: impl IntoIterator<Item = &'a String>) -> Result<()> {
    for region in regions {
        client.check_region(region).map_err(|error| DataFusionError::from(Error::from(error)))?;
    }
    Ok(())
}

impl DisplayAs for Ec2Scan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ec2Scan: {}", self.spec.table.operation)?;
        for line in explain::requests(self) {
            write!(f, ", {}", line.regions)?;
            if !line.parameters.is_empty() {
                write!(f, " {}", line.parameters)?;
            }
        }
        if let Some(limit) = self.spec.limit {
            write!(f, ", limit={limit}")?;
        }
        if self.sharer().is_some() {
            f.write_str(", shared")?;
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

    /// A hash join looks here for the filter that it makes: it fills in only what somebody holds.
    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        apply_expression_roots(self.dynamic.iter().cloned(), visit)
    }

    /// Keeps the filters of joins and sub-queries, and lets whoever made them check the rows again.
    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let mut dynamic = self.dynamic.clone();
        for pushed in &result.parent_filters {
            let filter = &pushed.filter;
            let wanted = phase == FilterPushdownPhase::Post || bind::has_subquery(filter);
            if wanted && !dynamic.iter().any(|known| known.eq(filter)) {
                dynamic.push(Arc::clone(filter));
            }
        }
        let answers = vec![PushedDown::No; result.parent_filters.len()];
        let answer = FilterPushdownPropagation::with_parent_pushdown_result(answers);
        Ok(if dynamic.len() > self.dynamic.len() {
            answer.with_updated_node(Arc::new(self.with_dynamic(dynamic)) as _)
        } else {
            answer
        })
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
        let scan = self.clone();
        let limit_rows = self.spec.limit;
        let batches = futures::stream::once(async move {
            let requests = scan.spec.requests(&scan.dynamic).await?;
            Ok::<_, DataFusionError>(scan.read(requests))
        })
        .try_flatten();
        let counted = batches.map_ok(move |batch| batch.record_output(&baseline));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), limit(counted, limit_rows))))
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
