//! The catalog `aws` inside a DataFusion session of one's own, joined with a table that has nothing to do with AWS.
//!
//! ```sh
//! cargo run -p ec2ql-engine --example embed
//! ```
//!
//! It starts the embedded endpoint; an account is asked by leaving `Endpoints::custom` out and handing in the
//! credentials provider of `aws-config`.

use std::error::Error;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use datafusion::prelude::{SessionConfig, SessionContext};
use ec2ql_catalog::Catalog;
use ec2ql_ec2::{Client, Config, Endpoints, Http, HttpConfig, Limits, Retry, SystemClock, SystemRandom};
use fake_ec2::{Fake, Options};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::default();
    let credentials = Credentials::new(&options.access_key, &options.secret_key, None, None, "example");
    let endpoint = Fake::start(options).await?;
    let client = Client::new(Config {
        credentials: SharedCredentialsProvider::new(credentials),
        endpoints: Endpoints { custom: Some(endpoint.url().parse()?), ..Endpoints::default() },
        transport: Arc::new(Http::new(HttpConfig::default())?),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        retry: Retry::default(),
        limits: Limits::default(),
        user_agent: "embed-example".into(),
    })?;

    let mut config = SessionConfig::new();
    // AWS writes `importTaskId`: without this, DataFusion would look for `importtaskid`.
    config.options_mut().sql_parser.enable_ident_normalization = false;
    let context = SessionContext::new_with_config(config);
    context.register_catalog("aws", ec2ql_engine::catalog_provider(client, Catalog::embedded(), "us-east-1"));

    context.sql("CREATE TABLE owners AS VALUES ('1', 'Ada'), ('2', 'Grace')").await?.collect().await?;
    let waves = context
        .sql(
            "SELECT owners.column2 AS owner, t.status, count(*) AS tasks
             FROM aws.ec2_api.import_image_tasks t JOIN owners ON owners.column1 = t.tags['wave']
             WHERE t.region IN ('us-east-1', 'eu-west-1')
             GROUP BY 1, 2 ORDER BY 1, 2",
        )
        .await?;
    waves.show().await?;
    Ok(())
}
