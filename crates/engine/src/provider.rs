//! The tables of the catalog as DataFusion sees them: one `TableProvider` for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{CatalogProvider, SchemaProvider, Session, TableProvider};
use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use ec2ql_catalog::{Catalog, Relation, Table, TableName};
use ec2ql_ec2::Client;

use crate::domain::{self, Regions};
use crate::enabled::EnabledRegions;
use crate::error::{Error, Reason};
use crate::nulls::as_given;
use crate::plan;
use crate::requests::RequestLog;
use crate::scan::{Ec2Scan, Source, Spec, check_regions};
use crate::schema;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::view::Views;

/// The statement under way, as an extension of the session's configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnderWay {
    pub(crate) number: i64,
    pub(crate) shared: Shared,
}

impl UnderWay {
    pub(crate) fn of(config: &SessionConfig) -> Self {
        config.get_extension::<Self>().map_or_else(Self::default, |under_way| Self::clone(&under_way))
    }
}

/// What every table needs to send its requests.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) requests: RequestLog,
    /// Where a table is read for which any region answers the same.
    pub(crate) home_region: String,
    pub(crate) enabled: EnabledRegions,
    /// Whether a request parameter may be selected only where it is given; otherwise it is NULL there.
    pub(crate) strict: bool,
}

impl Connection {
    fn source(&self, state: &dyn Session, settings: &Settings) -> Source {
        let UnderWay { number, shared } = UnderWay::of(state.config());
        Source {
            client: self.client.clone().with_gzip(settings.compression),
            requests: self.requests.clone(),
            statement: number,
            home_region: self.home_region.clone(),
            enabled: self.enabled.clone(),
            shared,
        }
    }
}

/// The catalog `aws`, for a DataFusion session of one's own; `home_region` answers for tables that are the same in
/// every region. A [`Settings`] extension in the session's options is honoured; without one, the defaults hold.
pub fn catalog_provider(client: Client, catalog: Catalog, home_region: &str) -> Arc<dyn CatalogProvider> {
    let catalog = Arc::new(catalog);
    let connection = Connection {
        client,
        requests: RequestLog::default(),
        home_region: home_region.to_owned(),
        enabled: EnabledRegions::new(catalog.clone()),
        strict: false,
    };
    Arc::new(Ec2Catalog { catalog, connection, more: vec![], tables: Tables::default(), views: Views::default() })
}

#[derive(Debug, Clone)]
pub(crate) struct Ec2Catalog {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) connection: Connection,
    /// Schemas beside those of the catalog's files: `system`, and the session's own views.
    pub(crate) more: Vec<(String, Arc<dyn SchemaProvider>)>,
    pub(crate) tables: Tables,
    pub(crate) views: Views,
}

/// The tables of a session that were named so far: planning asks for the same one again and again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables(Arc<Mutex<HashMap<TableName, Arc<Ec2Table>>>>);

impl Tables {
    fn get(&self, table: Arc<Table>, connection: &Connection) -> Arc<Ec2Table> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = known.get(&table.name) {
            return table.clone();
        }
        let made = Arc::new(Ec2Table::new(table, connection.clone()));
        known.insert(made.table.name.clone(), made.clone());
        made
    }
}

impl CatalogProvider for Ec2Catalog {
    fn schema_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.catalog.names().map(|name| name.schema.clone()).collect();
        names.extend(self.more.iter().map(|(name, _)| name.clone()));
        names.sort_unstable();
        names.dedup();
        names
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        if let Some((_, schema)) = self.more.iter().find(|(known, _)| known == name) {
            return Some(schema.clone());
        }
        self.catalog
            .names()
            .any(|table| table.schema == name)
            .then(|| Arc::new(Ec2Schema { name: name.to_owned(), within: self.clone() }) as Arc<dyn SchemaProvider>)
    }
}

/// One schema of the catalog; a table's file is read when the table is first named.
#[derive(Debug)]
struct Ec2Schema {
    name: String,
    within: Ec2Catalog,
}

#[async_trait]
impl SchemaProvider for Ec2Schema {
    fn table_names(&self) -> Vec<String> {
        self.within.catalog.names().filter(|name| name.schema == self.name).map(|name| name.table.clone()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let Some(relation) = self.within.catalog.relation(&self.name, name) else { return Ok(None) };
        match relation.map_err(|error| DataFusionError::from(Error::from(error)))? {
            Relation::Table(table) => Ok(Some(self.within.tables.get(table, &self.within.connection))),
            Relation::View(view) => Ok(Some(self.within.views.get(view, self.within.clone()).await?)),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.within.catalog.names().any(|table| table.schema == self.name && table.table == name)
    }

    /// Without planning the query of a view.
    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        let Some(relation) = self.within.catalog.relation(&self.name, name) else { return Ok(None) };
        Ok(match relation.map_err(|error| DataFusionError::from(Error::from(error)))? {
            Relation::Table(_) => Some(TableType::Base),
            Relation::View(_) => Some(TableType::View),
        })
    }
}

/// A table of the catalog.
#[derive(Debug)]
pub(crate) struct Ec2Table {
    pub(crate) table: Arc<Table>,
    schema: SchemaRef,
    connection: Connection,
}

impl Ec2Table {
    fn new(table: Arc<Table>, connection: Connection) -> Self {
        let schema = schema::table_schema(&table);
        Self { table, schema, connection }
    }

    /// Columns that `*` leaves out: the virtual ones, which come last.
    pub(crate) fn hidden(&self) -> Vec<String> {
        self.schema.fields().iter().skip(1 + self.table.columns.len()).map(|field| field.name().clone()).collect()
    }
}

#[async_trait]
impl TableProvider for Ec2Table {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// A predicate over the region alone is answered by asking the right regions, one over a request parameter by
    /// asking with it. Everything else is checked again above the scan: EC2 ignores some of the filters that it
    /// documents.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let plain = filters.iter().map(|filter| as_given(filter)).collect::<Result<Vec<_>>>()?;
        plan::given(&self.table, &plain)?;
        let parameters: Vec<String> = self.table.predicates().map(|(_, column)| column).collect();
        let gives = |filter: &Expr| filter.column_refs().iter().any(|column| parameters.contains(&column.name));
        Ok(filters
            .iter()
            .map(|filter| match filter {
                filter if domain::is_about_region_alone(filter) || gives(filter) => TableProviderFilterPushDown::Exact,
                filter if filter.is_volatile() || domain::has_subquery(filter) => {
                    TableProviderFilterPushDown::Unsupported
                }
                _ => TableProviderFilterPushDown::Inexact,
            })
            .collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (projection, schema) = match projection {
            Some(places) => (places.clone(), Arc::new(self.schema.project(places)?)),
            None => ((0..self.schema.fields().len()).collect(), self.schema.clone()),
        };
        let filters = filters.iter().map(as_given).collect::<Result<Vec<_>>>()?;
        let given = plan::given(&self.table, &filters)?;
        if self.connection.strict {
            let unsaid = self.table.predicates().find(|(_, column)| {
                schema.column_with_name(column).is_some() && given.iter().all(|given| &given.column != column)
            });
            if let Some((parameter, column)) = unsaid {
                return Err(plan::not_given(parameter, &column).into());
            }
        }
        let settings = Settings::of(state.config_options());
        let scan = Ec2Scan::new(
            Spec {
                table: self.table.clone(),
                source: self.connection.source(state, &settings),
                filters,
                given,
                projection,
                limit,
                settings,
            },
            schema,
        );
        if let (Some(rows), Some(range)) = (scan.spec.settings.page_rows, &self.table.page_rows)
            && !range.contains(&rows)
        {
            let operation = &self.table.operation;
            let reason = format!("{operation} takes {} to {} rows a page", range.start(), range.end());
            let (name, value) = ("ec2ql.page_rows".to_owned(), rows.to_string());
            return Err(Error::new(Reason::Setting { name, value, reason }).into());
        }
        if let Regions::Bound { named, .. } = plan::scope(&scan.ask())? {
            let asked = plan::requests(&scan.ask(), named)?;
            check_regions(&self.connection.client, asked.iter().map(|request| &request.region))?;
        }
        Ok(Arc::new(scan))
    }
}
