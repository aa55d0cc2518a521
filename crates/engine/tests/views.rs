//! Views in the files of a catalog: planned when they are named, of anything but themselves.

#![expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use ec2ql_catalog::Catalog;
use ec2ql_ec2::{Client, Config, Endpoints, Http, HttpConfig, Limits, Retry, SystemClock, SystemRandom};
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

/// A session over these views. Nothing listens at its endpoint.
fn session(views: impl IntoIterator<Item = (String, String)>) -> Session {
    let files = [("aws/ec2_api/boxes.toml".to_owned(), BOXES.to_owned())].into_iter().chain(views);
    let client = Client::new(Config {
        credentials: SharedCredentialsProvider::new(Credentials::for_tests()),
        endpoints: Endpoints { custom: Some("http://127.0.0.1:9".parse().unwrap()), ..Endpoints::default() },
        transport: Arc::new(Http::new(HttpConfig::default()).unwrap()),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        retry: Retry::default(),
        limits: Limits::default(),
        user_agent: "views-test".into(),
    });
    let catalog = Catalog::from_files(files).unwrap();
    let home_region = "us-east-1".into();
    Session::new(Options { client: client.unwrap(), catalog, home_region, settings: vec![] }).unwrap()
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
