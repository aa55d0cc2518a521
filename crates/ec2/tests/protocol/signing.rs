//! Requests against botocore's own signer: see `data/signatures.json` for how its values were made.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use ec2ql_ec2::{Call, Client, Config, Endpoints};
use serde_json::Value;

use crate::support::{ACCESS_KEY, SECRET_KEY, Script, TestClock, answer, config};

fn case_config(case: &Value, script: &Arc<Script>) -> Config {
    let token = case["session_token"].as_str().map(str::to_owned);
    let url = case["url"].as_str().unwrap();
    let custom = (!url.contains("amazonaws")).then(|| url.parse().unwrap());
    Config {
        credentials: SharedCredentialsProvider::new(Credentials::new(ACCESS_KEY, SECRET_KEY, token, None, "test")),
        clock: TestClock::at(case["seconds"].as_u64().unwrap()),
        endpoints: Endpoints { custom, ..Endpoints::default() },
        ..config(script.clone())
    }
}

#[tokio::test]
async fn bodies_and_signatures_are_botocores() {
    let data: Value = serde_json::from_str(include_str!("../data/signatures.json")).unwrap();
    let cases = data["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let script = Script::new([answer(200, "")]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let pair = |pair: &Value| (text(&pair[0]), text(&pair[1]));
        let call = Call {
            operation: text(&case["operation"]),
            region: text(&case["region"]),
            parameters: case["parameters"].as_array().unwrap().iter().map(pair).collect(),
        };
        Client::new(case_config(case, &script)).unwrap().call(&call).await.unwrap();
        let sent = script.sent.lock().unwrap();
        assert_eq!(sent[0].url.as_str(), case["url"], "{}", case["name"]);
        assert_eq!(sent[0].body, case["body"].as_str().unwrap(), "{}", case["name"]);
        let own = ["user-agent", "amz-sdk-invocation-id", "amz-sdk-request"];
        let mut headers: Vec<_> = sent[0].headers.iter().filter(|(name, _)| !own.contains(name)).collect();
        headers.sort();
        let expected = case["headers"].as_object().unwrap();
        let got: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let want: Vec<_> = expected.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        assert_eq!(got, want, "{}", case["name"]);
    }
}

#[tokio::test]
async fn attempts_share_an_id_and_are_numbered() {
    let script = Script::new([answer(503, ""), answer(200, "")]);
    crate::support::client(script.clone()).call(&crate::support::call(Vec::new())).await.unwrap();
    assert_eq!(script.header(0, "amz-sdk-request").as_deref(), Some("attempt=1; max=3"));
    assert_eq!(script.header(1, "amz-sdk-request").as_deref(), Some("attempt=2; max=3"));
    let id = script.header(0, "amz-sdk-invocation-id").unwrap();
    assert_eq!(script.header(1, "amz-sdk-invocation-id").as_deref(), Some(id.as_str()));
    let lengths: Vec<_> = id.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
}
