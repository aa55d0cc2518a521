//! The catalog's views: queries in its files, planned when they are first named.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::ViewTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::{Expr, LogicalPlan, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use ec2ql_catalog::{TableName, View};

use crate::error::Error;
use crate::functions;
use crate::names;
use crate::parse::{self, Command};
use crate::provider::Ec2Catalog;
use crate::scope::{CATALOG, SessionScope};
use crate::session::{self, Statement};

/// The plans of a session's views, each made once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Views {
    planned: Arc<Mutex<HashMap<TableName, Arc<CatalogView>>>>,
    /// The views whose plans are being made of this one.
    within: Vec<TableName>,
}

impl Views {
    /// The view, over the tables of `catalog`.
    ///
    /// # Errors
    /// The query is none that can be planned, or needs the view itself.
    pub(crate) async fn get(&self, view: Arc<View>, catalog: Ec2Catalog) -> Result<Arc<CatalogView>> {
        if let Some(known) = self.planned().get(&view.name) {
            return Ok(known.clone());
        }
        if self.within.contains(&view.name) {
            return Err(Error::usage(format!("the view {} is made of itself", view.name), None).into());
        }
        let mut within = self.within.clone();
        within.push(view.name.clone());
        let plan = plan(&view, Ec2Catalog { views: Self { planned: self.planned.clone(), within }, ..catalog }).await?;
        let table = ViewTable::new(plan, Some(view.query.clone()));
        let made = Arc::new(CatalogView { view: view.clone(), table });
        self.planned().insert(view.name.clone(), made.clone());
        Ok(made)
    }

    fn planned(&self) -> std::sync::MutexGuard<'_, HashMap<TableName, Arc<CatalogView>>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Plans the query in a session of its own: whoever asks for a table has none to lend.
async fn plan(view: &View, catalog: Ec2Catalog) -> Result<LogicalPlan> {
    let state = SessionStateBuilder::new().with_config(session::config()).with_default_features().build();
    state.catalog_list().register_catalog(CATALOG.into(), Arc::new(catalog));
    let mut statements = parse::statements(&view.query)?;
    let (Some(Statement(Command::Sql(mut query))), true) = (statements.pop(), statements.is_empty()) else {
        return Err(Error::usage(format!("the view {} is not one query", view.name), None).into());
    };
    names::resolve(&mut query, &SessionScope { state: &state }).map_err(Error::from)?;
    Ok(functions::plan(&state, query).await?)
}

/// A view of the catalog. Statements are planned as if its query stood in its place.
#[derive(Debug)]
pub(crate) struct CatalogView {
    pub(crate) view: Arc<View>,
    table: ViewTable,
}

#[async_trait]
impl TableProvider for CatalogView {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.table.get_table_definition()
    }

    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        self.table.get_logical_plan()
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.table.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        self.table.scan(state, projection, filters, limit).await
    }
}
