//! Views in the files of a catalog: planned when they are named, of anything but themselves.

#![expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use datafusion::arrow::array::RecordBatch;
use datafusion::prelude::SessionContext;
use ec2ql_catalog::Catalog;
use ec2ql_ec2::{Client, Clock, Config, Endpoints, Http, HttpConfig, Limits, Retry, SystemClock, SystemRandom};
use ec2ql_engine::{Options, Outcome, Session};

const BOXES: &str = r#"description = "All boxes."
source = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeBoxes.html"
operation = "DescribeBoxes"
rows = "boxSet/item"
examples = ["SELECT * FROM aws.ec2_api.boxes WHERE region = 'us-east-1'"]

[columns]
boxId = { type = "text", description = "The box's id." }

[parameters]
"#;

fn view(name: &str, query: &str) -> (String, String) {
    let text = format!(
        "description = \"A view.\"\nexamples = [\"SELECT * FROM aws.shapes.{name}\"]\nquery = \"{query}\"\n\n\
         [columns]\nid = {{ type = \"text\", description = \"An id.\" }}\n"
    );
    (format!("aws/shapes/{name}.toml"), text)
}

fn client(credentials: SharedCredentialsProvider, url: &str, clock: Arc<dyn Clock>) -> Client {
    Client::new(Config {
        credentials,
        endpoints: Endpoints { custom: Some(url.parse().unwrap()), ..Endpoints::default() },
        transport: Arc::new(Http::new(HttpConfig::default()).unwrap()),
        clock,
        random: Arc::new(SystemRandom),
        retry: Retry::default(),
        limits: Limits::default(),
        user_agent: "views-test".into(),
    })
    .unwrap()
}

/// Requests are signed with the time that the endpoint has.
#[derive(Debug)]
struct StandingClock(SystemTime);

#[async_trait]
impl Clock for StandingClock {
    fn now(&self) -> SystemTime {
        self.0
    }

    async fn sleep(&self, _duration: Duration) {}
}

/// A session over these views. Nothing listens at its endpoint.
fn session(views: impl IntoIterator<Item = (String, String)>) -> Session {
    let files = [("aws/ec2_api/boxes.toml".to_owned(), BOXES.to_owned())].into_iter().chain(views);
    let credentials = SharedCredentialsProvider::new(Credentials::for_tests());
    let client = client(credentials, "http://127.0.0.1:9", Arc::new(SystemClock));
    let catalog = Catalog::from_files(files).unwrap();
    let home_region = "us-east-1".into();
    Session::new(Options { client, catalog, home_region, settings: vec![] }).unwrap()
}

/// "ok", or what is wrong.
async fn run(session: &Session, text: &str) -> String {
    let statement = session.parse(text).unwrap().remove(0);
    match session.run(statement).await {
        Ok(Outcome::Rows(_) | Outcome::Done(_)) => "ok".into(),
        Err(error) => format!("{} {}", error.sqlstate(), error.message()),
    }
}

#[tokio::test]
async fn only_what_a_statement_names_is_planned() {
    let session = session([
        view("good", "SELECT BOXID AS id FROM aws.ec2_api.boxes"),
        view("over", "SELECT id FROM aws.shapes.good"),
        view("wrong", "SELECT boxId AS id FROM aws.ec2_api.crates"),
        view("two", "SELECT 'a' AS id; SELECT 'b' AS id"),
    ]);
    for name in ["good", "over", "over", "GOOD"] {
        assert_eq!(run(&session, &format!("DESCRIBE aws.shapes.{name}")).await, "ok");
    }
    assert_eq!(
        run(&session, "SELECT * FROM aws.shapes.over WHERE region = 'us-east-1'").await,
        "42703 column \"region\" does not exist in aws.shapes.over"
    );
    let wrong = run(&session, "SELECT * FROM aws.shapes.wrong").await;
    assert_eq!(wrong, "42P01 relation \"aws.ec2_api.crates\" does not exist");
    assert_eq!(run(&session, "DESCRIBE aws.shapes.two").await, "42000 the view aws.shapes.two is not one query");
    assert_eq!(run(&session, "SHOW TABLES").await, "ok");
}

#[tokio::test]
async fn only_the_files_that_a_statement_names_are_read() {
    let broken = ("aws/ec2_api/broken.toml".to_owned(), "not a table".to_owned());
    let session = session([broken, view("good", "SELECT boxId AS id FROM boxes")]);
    for text in [
        "SELECT 1",
        "SELECT * FROM boxes WHERE region = 'us-east-1'",
        "EXPLAIN SELECT boxId FROM boxes WHERE region = 'us-east-1'",
        "DESCRIBE boxes",
        "DESCRIBE aws.shapes.good",
        "SELECT parameters FROM system.requests",
    ] {
        assert_eq!(run(&session, text).await, "ok", "{text}");
    }
    let broken = run(&session, "SELECT * FROM broken WHERE region = 'us-east-1'").await;
    assert_eq!(broken, "XX000 a table file of the catalog is wrong");
}

#[tokio::test]
async fn a_view_of_itself_is_refused() {
    let session = session([
        view("one", "SELECT id FROM aws.shapes.two"),
        view("two", "SELECT id FROM aws.shapes.one"),
        view("three", "SELECT 'x' AS id"),
    ]);
    let one = run(&session, "SELECT * FROM aws.shapes.one").await;
    assert_eq!(one, "42000 the view aws.shapes.one is made of itself");
    assert_eq!(run(&session, "SELECT * FROM aws.shapes.three").await, "ok");
}

/// A program's own session knows nothing of ours: the plan of a view brings along what it needs.
#[tokio::test]
async fn views_work_in_a_session_of_ones_own() {
    let options = fake_ec2::Options::default();
    let credentials = Credentials::new(&options.access_key, &options.secret_key, None, None, "test");
    let now = options.wave_start + Duration::from_mins(150);
    let fake = fake_ec2::Fake::start(fake_ec2::Options { now: Arc::new(move || now), ..options }).await.unwrap();
    let client = client(SharedCredentialsProvider::new(credentials), &fake.url(), Arc::new(StandingClock(now)));
    let context = SessionContext::new();
    context.register_catalog("aws", ec2ql_engine::catalog_provider(client, Catalog::embedded(), "us-east-1"));
    let text = "SELECT task_id FROM aws.vm_import.tasks WHERE region = 'us-east-1' AND outcome = 'failed'";
    let batches = context.sql(text).await.unwrap().collect().await.unwrap();
    assert!(batches.iter().map(RecordBatch::num_rows).sum::<usize>() > 0);
    assert!(fake.requests().iter().all(|request| request.region == "us-east-1"));
}
