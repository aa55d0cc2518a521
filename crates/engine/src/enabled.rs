//! The regions that the account has enabled: the candidates of a pattern such as `region LIKE 'eu-%'`.

use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::physical_plan::metrics::Count;
use ec2ql_catalog::Catalog;
use tokio::sync::OnceCell;

use crate::error::Error;
use crate::plan::RegionRequest;
use crate::read::{Reading, RegionReader};
use crate::scan::{ScanMetrics, Source};
use crate::schema;

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

    async fn ask(&self, source: &Source) -> Result<Vec<String>, Error> {
        let Some(table) = self.catalog.table("ec2_api", "regions") else {
            return Err(Error::usage(
                "the catalog has no table aws.ec2_api.regions, which lists the enabled regions",
                None,
            ));
        };
        let table = table?;
        let full = schema::table_schema(&table);
        let place = full.index_of("regionName").map_err(datafusion::error::DataFusionError::from)?;
        let reading = Arc::new(Reading {
            table,
            source: source.clone(),
            projection: vec![place],
            schema: Arc::new(full.project(&[place]).map_err(datafusion::error::DataFusionError::from)?),
            given: vec![],
            ahead: true,
            metrics: ScanMetrics {
                pages: Count::new(),
                bytes: Count::new(),
                attempts: Count::new(),
                throttles: Count::new(),
            },
        });
        let region = source.home_region.clone();
        let everything = RegionRequest { region, keys: None, filters: vec![], parameters: vec![], page_rows: None };
        let mut reader = RegionReader::new(reading, everything);
        let mut names = vec![];
        while let Some(batch) = reader.next().await? {
            names.extend(batch.column(0).as_string::<i32>().iter().flatten().map(str::to_owned));
        }
        Ok(names)
    }
}
