//! A session: statements in, rows out.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::MemorySchemaProvider;
use datafusion::common::TableReference;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement as Parsed;
use ec2ql_catalog::Catalog;
use ec2ql_ec2::Client;
use futures::StreamExt;
use futures::stream::BoxStream;

use crate::enabled::EnabledRegions;
use crate::error::{Error, Reason};
use crate::files::{FILES_SCHEMA, Files};
use crate::functions;
use crate::names;
use crate::parse::{self, Command};
use crate::plan::ALL_REGIONS;
use crate::provider::{Connection, Ec2Catalog, Tables, UnderWay};
use crate::requests::{Progress, RequestLog};
use crate::rules;
use crate::scope::{CATALOG, SCHEMA, SESSION_SCHEMA, SessionScope};
use crate::settings::Settings;
use crate::shared::Shared;
use crate::system::SystemSchema;
use crate::view::Views;

/// What a session is made of.
#[derive(Debug)]
pub struct Options {
    /// Sends the requests.
    pub client: Client,
    /// The tables.
    pub catalog: Catalog,
    /// Where a table is read for which any region answers the same.
    pub home_region: String,
    /// Settings as `SET` takes them: (`ec2ql.regions`, `us-east-1,eu-west-1`).
    pub settings: Vec<(String, String)>,
}

/// One user's session: settings, views, and the log of its requests.
pub struct Session {
    context: SessionContext,
    client: Client,
    requests: RequestLog,
    files: Arc<Files>,
    statements: AtomicI64,
}

/// A parsed statement.
#[derive(Debug, Clone)]
pub struct Statement(pub(crate) Command);

/// What a statement gave.
#[derive(Debug)]
pub enum Outcome {
    /// Rows; nothing has been read yet.
    Rows(Rows),
    /// Something else, in a word or two: `SET`, `COPY 42`.
    Done(String),
}

/// Rows as they arrive.
pub struct Rows {
    /// Their columns.
    pub schema: SchemaRef,
    /// Batches; after an error there are none.
    pub stream: BoxStream<'static, Result<RecordBatch, Error>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.context.session_id()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Session {
    /// Makes a session. No request is sent, no file is read.
    ///
    /// # Errors
    /// A setting that does not exist or cannot have the value.
    pub fn new(options: Options) -> Result<Self, Error> {
        let state = rules::install(SessionStateBuilder::new().with_default_features(), config()).build();
        let requests = RequestLog::default();
        let catalog = Arc::new(options.catalog);
        let connection = Connection {
            client: options.client.clone(),
            requests: requests.clone(),
            home_region: options.home_region,
            enabled: EnabledRegions::new(catalog.clone()),
            strict: true,
        };
        let context = SessionContext::new_with_state(state);
        let files = Arc::new(Files::default());
        context.register_catalog(
            CATALOG,
            Arc::new(Ec2Catalog {
                catalog,
                connection,
                more: vec![
                    (SESSION_SCHEMA.into(), Arc::new(MemorySchemaProvider::new())),
                    (FILES_SCHEMA.into(), files.clone()),
                    ("system".into(), Arc::new(SystemSchema { requests: requests.clone() })),
                ],
                tables: Tables::default(),
                views: Views::default(),
            }),
        );
        let session = Self { context, client: options.client, requests, files, statements: AtomicI64::new(0) };
        for (name, value) in &options.settings {
            session.set(name, value)?;
        }
        Ok(session)
    }

    /// Parses every statement of a text, separated by `;`.
    ///
    /// # Errors
    /// The first thing that is no SQL, with its line and column; a text over 1 MiB.
    pub fn parse(&self, text: &str) -> Result<Vec<Statement>, Error> {
        parse::statements(text)
    }

    /// Runs one statement. Rows are read lazily: the first request is sent when the first batch is asked for.
    ///
    /// # Errors
    /// Whatever is wrong with the statement; what goes wrong while rows are read comes with them.
    pub async fn run(&self, statement: Statement) -> Result<Outcome, Error> {
        let number = self.statements.fetch_add(1, Ordering::Relaxed) + 1;
        let mut state = self.context.state();
        state.config_mut().set_extension(Arc::new(UnderWay { number, shared: Shared::default() }));
        Box::pin(crate::statement::run(self, state, statement.0)).await
    }

    /// What the statement that runs (or ran last) has read so far.
    pub fn progress(&self) -> Progress {
        self.requests.progress(self.statements.load(Ordering::Relaxed))
    }

    /// Sets one setting of the session.
    ///
    /// # Errors
    /// No such setting, or not such a value.
    pub fn set(&self, name: &str, value: &str) -> Result<(), Error> {
        let Some(key) = name.to_ascii_lowercase().strip_prefix("ec2ql.").map(str::to_owned) else {
            let near = names::nearest(name, Settings::default().rows().map(|(name, ..)| name));
            return Err(Error::new(Reason::UnknownSetting { name: name.to_owned(), near }));
        };
        let mut settings = self.settings();
        datafusion::config::ExtensionOptions::set(&mut settings, &key, value)?;
        for region in settings.regions.iter().filter(|region| !region.eq_ignore_ascii_case(ALL_REGIONS)) {
            self.client.check_region(region)?;
        }
        self.context.state_ref().write().config_mut().options_mut().extensions.insert(settings);
        Ok(())
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Settings {
        Settings::of(self.context.state().config_options())
    }

    pub(crate) fn context(&self) -> &SessionContext {
        &self.context
    }

    pub(crate) fn costs(&self, statement: i64) -> Vec<String> {
        self.requests.costs(statement)
    }

    /// Looks at the files that a statement names.
    pub(crate) async fn open_files(&self, state: &SessionState, statement: &Parsed) -> Result<(), Error> {
        self.files.open(state, statement).await
    }

    /// Resolves the names of a statement and makes a plan of it. Nothing is sent.
    pub(crate) async fn resolve(&self, state: &SessionState, mut statement: Parsed) -> Result<LogicalPlan, Error> {
        self.open_files(state, &statement).await?;
        names::resolve(&mut statement, &SessionScope { state })?;
        functions::plan(state, statement).await
    }

    /// Plans a statement. Nothing is sent.
    pub(crate) async fn plan(&self, state: SessionState, statement: Parsed) -> Result<Planned, Error> {
        let plan = self.resolve(&state, statement).await?;
        let optimized = state.optimize(&plan)?;
        let physical = state.query_planner().create_physical_plan(&optimized, &state).await;
        let physical = physical.map_err(|error| in_a_view(error.into(), &optimized))?;
        let UnderWay { number, .. } = UnderWay::of(state.config());
        Ok(Planned { number, optimized, physical, state })
    }
}

/// The error of a table without a region, by the name of the view that reads it: that is what the statement names.
fn in_a_view(error: Error, plan: &LogicalPlan) -> Error {
    let Reason::RegionUnbound { table, joined, home } = error.reason() else { return error };
    let mut view = None;
    // The walk itself cannot fail: the visitors never do.
    let _ = plan.apply(|node| {
        let LogicalPlan::SubqueryAlias(alias) = node else { return Ok(TreeNodeRecursion::Continue) };
        let is_view = matches!(alias.alias, TableReference::Full { .. }) && alias.alias.to_string() != *table;
        let reads =
            |node: &LogicalPlan| matches!(node, LogicalPlan::TableScan(scan) if scan.table_name.to_string() == *table);
        if is_view && alias.input.exists(|node| Ok(reads(node)))? {
            view = Some(alias.alias.to_string());
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    match view {
        Some(view) => Error::new(Reason::RegionUnbound { table: view, joined: *joined, home: home.clone() }),
        None => error,
    }
}

/// A statement that is ready to run.
pub(crate) struct Planned {
    pub(crate) number: i64,
    pub(crate) optimized: LogicalPlan,
    pub(crate) physical: Arc<dyn ExecutionPlan>,
    state: SessionState,
}

impl Planned {
    /// Nothing is sent before the rows are read.
    pub(crate) fn rows(&self) -> Result<Rows, Error> {
        let limit = Settings::of(self.state.config_options()).statement_timeout;
        let stream = datafusion::physical_plan::execute_stream(Arc::clone(&self.physical), self.state.task_ctx())?;
        let stream = stream.map(|batch| batch.map_err(Error::from)).boxed();
        Ok(Rows { schema: self.physical.schema(), stream: bounded(stream, limit) })
    }
}

/// How statements are read and planned.
pub(crate) fn config() -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_information_schema(true)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_round_robin_repartition(false)
        .with_option_extension(Settings::default());
    config.options_mut().sql_parser.enable_ident_normalization = false;
    // Text has one type, also in files.
    config.options_mut().execution.parquet.schema_force_view_types = false;
    config.options_mut().sql_parser.map_string_types_to_utf8view = false;
    config
}

/// The stream, up to its first error and within its time.
fn bounded(
    stream: BoxStream<'static, Result<RecordBatch, Error>>,
    limit: Option<Duration>,
) -> BoxStream<'static, Result<RecordBatch, Error>> {
    let end = limit.map(|limit| tokio::time::Instant::now() + limit);
    futures::stream::unfold(Some(stream), move |stream| async move {
        let mut stream = stream?;
        let next = match (end, limit) {
            (Some(end), Some(limit)) => tokio::time::timeout_at(end, stream.next())
                .await
                .unwrap_or_else(|_| Some(Err(Error::new(Reason::Timeout { limit_s: limit.as_secs_f64() })))),
            _ => stream.next().await,
        };
        match next? {
            Ok(batch) => Some((Ok(batch), Some(stream))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}
