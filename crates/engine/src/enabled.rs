//! The regions that the account has enabled: the candidates of a pattern such as `region LIKE 'eu-%'`.

use std::pin::pin;
use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::error::DataFusionError;
use ec2ql_catalog::Catalog;
use futures::TryStreamExt;
use tokio::sync::OnceCell;

use crate::call::Columns;
use crate::error::Error;
use crate::plan;
use crate::scan::{Ec2Scan, Source, Spec};
use crate::schema;
use crate::settings::Settings;

/// The operation that says which regions are enabled.
pub(crate) const DESCRIBE_REGIONS: &str = "DescribeRegions";

/// One `DescribeRegions` a session, made when it is first needed. A call that fails is made again next time.
#[derive(Debug, Clone)]
pub(crate) struct EnabledRegions {
    catalog: Arc<Catalog>,
    found: Arc<OnceCell<Vec<String>>>,
}

impl EnabledRegions {
    pub(crate) fn new(catalog: Arc<Catalog>) -> Self {
        Self { catalog, found: Arc::default() }
    }

    pub(crate) async fn get(&self, source: &Source) -> Result<Vec<String>, Error> {
        self.found.get_or_try_init(|| self.ask(source)).await.cloned()
    }

    /// What the call will be read for; None when it has been made.
    pub(crate) fn wanted(&self) -> Result<Option<Columns>, Error> {
        if self.found.initialized() { Ok(None) } else { self.columns().map(Some) }
    }

    fn columns(&self) -> Result<Columns, Error> {
        let Some(table) = self.catalog.table("ec2_api", "regions") else {
            let message = "the catalog has no table aws.ec2_api.regions, which lists the enabled regions";
            return Err(Error::usage(message, None));
        };
        let table = table?;
        let full = schema::table_schema(&table);
        let place = full.index_of("regionName").map_err(DataFusionError::from)?;
        let schema = Arc::new(full.project(&[place]).map_err(DataFusionError::from)?);
        Ok(Columns { table, projection: vec![place], schema })
    }

    async fn ask(&self, source: &Source) -> Result<Vec<String>, Error> {
        let Columns { table, projection, schema } = self.columns()?;
        let spec = Spec {
            table,
            source: source.clone(),
            filters: vec![],
            given: vec![],
            projection,
            limit: None,
            settings: Settings::default(),
        };
        let scan = Ec2Scan::new(spec, schema);
        let requests = plan::requests(&scan.ask(), [source.home_region.clone()])?;
        let mut batches = pin!(scan.read(requests));
        let mut names = vec![];
        while let Some(batch) = batches.try_next().await? {
            names.extend(batch.column(0).as_string::<i32>().iter().flatten().map(str::to_owned));
        }
        Ok(names)
    }
}
