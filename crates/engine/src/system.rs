//! The schema `system`: the engine, seen by its user.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{MemTable, SchemaProvider, Session, TableProvider};
use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::requests::RequestLog;
use crate::settings::Settings;

const TABLES: [&str; 2] = ["requests", "settings"];

#[derive(Debug)]
pub(crate) struct SystemSchema {
    pub(crate) requests: RequestLog,
}

#[async_trait]
impl SchemaProvider for SystemSchema {
    fn table_names(&self) -> Vec<String> {
        TABLES.iter().map(ToString::to_string).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let table = match name {
            "requests" => SystemTable::Requests(self.requests.clone()),
            "settings" => SystemTable::Settings,
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(table)))
    }

    fn table_exist(&self, name: &str) -> bool {
        TABLES.contains(&name)
    }
}

#[derive(Debug)]
enum SystemTable {
    Requests(RequestLog),
    Settings,
}

impl SystemTable {
    /// The rows as they are now.
    fn rows(&self, settings: &Settings) -> Result<RecordBatch> {
        Ok(match self {
            Self::Requests(log) => log.batch()?,
            Self::Settings => {
                let (mut names, mut values, mut descriptions) = (vec![], vec![], vec![]);
                for (name, value, description) in settings.rows() {
                    names.push(name);
                    values.push(value);
                    descriptions.push(description);
                }
                let columns: [StringArray; 3] = [names.into(), values.into(), descriptions.into()];
                RecordBatch::try_new(self.schema(), columns.into_iter().map(|column| Arc::new(column) as _).collect())?
            }
        })
    }
}

#[async_trait]
impl TableProvider for SystemTable {
    fn schema(&self) -> SchemaRef {
        match self {
            Self::Requests(_) => RequestLog::schema(),
            Self::Settings => {
                let text = |name: &str| Field::new(name, DataType::Utf8, false);
                Arc::new(Schema::new(vec![text("name"), text("value"), text("description")]))
            }
        }
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = self.rows(&Settings::of(state.config_options()))?;
        MemTable::try_new(self.schema(), vec![vec![rows]])?.scan(state, projection, filters, limit).await
    }
}
