//! Where requests may go.

use ec2ql_ec2::{Call, Client, Config, Endpoints, Error, Kind, partitions, regions};
use serde_json::Value;

use crate::support::{Script, answer, config};

fn client(endpoints: Endpoints) -> Result<Client, Error> {
    Client::new(Config { endpoints, ..config(Script::new([answer(200, "")])) })
}

fn custom(url: &str) -> Endpoints {
    Endpoints { custom: Some(url.parse().unwrap()), ..Endpoints::default() }
}

/// `data/endpoints.json` holds what botocore 1.44.5 resolves with EC2's endpoint rule set.
#[test]
fn every_region_has_botocores_endpoints() {
    let rows: Vec<Value> = serde_json::from_str(include_str!("../data/endpoints.json")).unwrap();
    assert_eq!((rows.len(), regions().count(), partitions().len()), (48, 48, 8));
    for row in &rows {
        let region = row["region"].as_str().unwrap();
        let known = regions().find(|known| known.name == region).unwrap();
        assert_eq!(known.partition.name, row["partition"], "{region}");
        for (key, fips, dual_stack) in [
            ("plain", false, false),
            ("fips", true, false),
            ("dual_stack", false, true),
            ("fips_dual_stack", true, true),
        ] {
            let client = client(Endpoints { fips, dual_stack, ..Endpoints::default() }).unwrap();
            let expected = format!("{}/", row[key].as_str().unwrap());
            assert_eq!(client.endpoint(region).unwrap(), expected, "{region} {key}");
        }
    }
}

/// S01: names that would lead elsewhere, refused before anything is sent.
#[tokio::test]
async fn a_region_is_a_known_name_or_nothing_is_sent() {
    let long = "a".repeat(64);
    let hostile = [
        "x@evil.com:443/#",
        "evil.com/",
        "us-east-1\n",
        "\nus-east-1",
        " us-east-1",
        "",
        "us-east-١",
        "us‐east‐1",
        &long,
        "../",
        "us-east-1/../",
        "%2e",
        "us-east-1%2e",
        "169.254.169.254",
        "us-east-1.evil.com",
        "us-east-1#",
        "us-east-1?x",
        "us-east-1:443",
        "us-east-1\0",
        "US-EAST-1",
        "us-east-99",
        "aws-global",
        "localhost",
        "[::1]",
        "us-east-1\u{200b}",
    ];
    let script = Script::new([answer(200, "")]);
    let extra = Endpoints { extra_regions: vec!["us-test-1".to_owned()], ..Endpoints::default() };
    for endpoints in [Endpoints::default(), custom("http://127.0.0.1:1/"), extra] {
        let client = Client::new(Config { endpoints, ..config(script.clone()) }).unwrap();
        for region in hostile {
            let call = Call { region: region.to_owned(), ..crate::support::call(Vec::new()) };
            let error = client.call(&call).await.unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (Kind::Region, 0), "{region:?}");
            assert_eq!(client.check_region(region).unwrap_err().kind(), Kind::Region);
            assert_eq!(client.endpoint(region).unwrap_err().kind(), Kind::Region);
            assert!(error.message().len() < 250 && !error.message().contains(['\n', '\0']), "{error}");
        }
    }
    assert_eq!(script.requests(), 0);
}

#[test]
fn a_misspelt_region_gets_the_nearest_names() {
    let client = client(Endpoints::default()).unwrap();
    let nearest = |region: &str| client.check_region(region).unwrap_err().suggestions().join(" ");
    assert_eq!(nearest("eu-west1"), "eu-west-1 eu-west-2 eu-west-3");
    assert_eq!(nearest("US-EAST-1").split(' ').next(), Some("us-east-1"));
    assert_eq!(nearest("frankfurt"), "");
}

#[test]
fn additional_regions_are_named_as_their_partition_names_them() {
    let with = |region: &str| client(Endpoints { extra_regions: vec![region.to_owned()], ..Endpoints::default() });
    for (region, expected) in [
        ("us-north-1", "https://ec2.us-north-1.amazonaws.com/"),
        ("us-gov-north-1", "https://ec2.us-gov-north-1.amazonaws.com/"),
        ("cn-south-12", "https://ec2.cn-south-12.amazonaws.com.cn/"),
        ("eu-isoe-east-1", "https://ec2.eu-isoe-east-1.cloud.adc-e.uk/"),
    ] {
        assert_eq!(with(region).unwrap().endpoint(region).unwrap(), expected);
    }
    for region in
        ["", "evil.com", "us-east-1.evil.com", "us-east", "us-EAST-1", "us-é-1", "us-east-1\n", "xx-east-1", "us--1"]
    {
        assert_eq!(with(region).unwrap_err().kind(), Kind::Region, "{region:?}");
    }
}

#[test]
fn a_custom_endpoint_is_safe_or_refused() {
    for url in [
        "http://127.0.0.1:4711",
        "http://localhost:1",
        "http://[::1]:1",
        "https://ec2.example.com",
        "http://127.9.9.9/x/",
    ] {
        let client = client(custom(url)).unwrap();
        assert_eq!(client.endpoint("eu-west-1").unwrap().trim_end_matches('/'), url.trim_end_matches('/'));
    }
    for url in [
        "http://example.com",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "https://169.254.169.254",
        "http://2852039166/",
        "https://[fe80::1]",
        "https://[fd00:ec2::254]",
        "https://[::ffff:169.254.169.254]",
        "ftp://127.0.0.1",
        "https://user:secret-canary@example.com",
        "http://secret-canary@127.0.0.1",
        "https://example.com/?secret-canary",
        "https://example.com/#secret-canary",
        "http://localhost.evil.com",
        "http://x.localhost",
        "data:text/plain,x",
    ] {
        let endpoints = custom(url);
        let shown = format!("{endpoints:?} {:?}", client(endpoints.clone()).unwrap_err());
        assert_eq!(client(endpoints).unwrap_err().kind(), Kind::Endpoint, "{url}");
        assert!(!shown.contains("secret-canary"), "{shown}");
    }
    let refused = client(custom("http://example.com:8080")).unwrap_err();
    assert!(refused.message().contains("http://example.com:8080 "), "{refused}");
    let allowed = Endpoints { allow_http: true, ..custom("http://10.0.0.1") };
    assert!(client(allowed).is_ok());
    let allowed = Endpoints { allow_http: true, ..custom("http://169.254.169.254") };
    assert_eq!(client(allowed).unwrap_err().kind(), Kind::Endpoint);
    for (fips, dual_stack) in [(true, false), (false, true)] {
        let both = Endpoints { fips, dual_stack, ..custom("https://ec2.example.com") };
        assert_eq!(client(both).unwrap_err().kind(), Kind::Endpoint);
    }
}
