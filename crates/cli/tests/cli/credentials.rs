//! Every source of credentials, against stand-ins for AWS's services: each ends in a request that EC2 sees signed with
//! the key that the source gave.

use std::time::{Duration, Instant};

use expect_test::expect;

use crate::process::Place;
use crate::standin::{Answer, Request, StandIn};

pub(crate) const IMAGES: &str = "SELECT imageId FROM images WHERE region = 'eu-west-1'";
const EXPIRES: &str = "2999-01-01T00:00:00Z";

/// Runs a query and gives the key and the token that EC2 saw, once each.
fn signed(place: &Place, ec2: &StandIn, arguments: &[&str]) -> (String, Option<String>) {
    let ended = place.run(&[arguments, &["-v", "-c", IMAGES]].concat());
    assert_eq!(ended.code, Some(0), "{ended}");
    let [request] = ec2.seen().try_into().unwrap();
    let (key, region) = request.signer();
    assert_eq!(region, "eu-west-1", "the region is the query's, whatever the configuration says");
    (key, request.header("x-amz-security-token").map(str::to_owned))
}

pub(crate) fn place(ec2: &StandIn) -> Place {
    Place::new().set("AWS_ENDPOINT_URL_EC2", &ec2.url)
}

pub(crate) fn key(name: &str) -> String {
    format!("[{name}]\naws_access_key_id = AKIA{}\naws_secret_access_key = CANARY\n", name.to_uppercase())
}

#[test]
fn environment() {
    let ec2 = StandIn::ec2();
    let place = place(&ec2)
        .set("AWS_ACCESS_KEY_ID", "AKIAENV")
        .set("AWS_SECRET_ACCESS_KEY", "CANARY")
        .set("AWS_SESSION_TOKEN", "token-env")
        .set("AWS_REGION", "us-west-2");
    assert_eq!(signed(&place, &ec2, &[]), ("AKIAENV".into(), Some("token-env".into())));
}

#[test]
fn profiles() {
    let ec2 = StandIn::ec2();
    let files = || place(&ec2).file(".aws/credentials", &(key("default") + &key("other")));
    assert_eq!(signed(&files(), &ec2, &[]), ("AKIADEFAULT".into(), None));

    let ec2 = StandIn::ec2();
    let place = files().set("AWS_ENDPOINT_URL_EC2", &ec2.url).set("AWS_PROFILE", "other");
    assert_eq!(signed(&place, &ec2, &[]).0, "AKIAOTHER");

    // A named profile wins over keys in the environment.
    let ec2 = StandIn::ec2();
    let place = files()
        .set("AWS_ENDPOINT_URL_EC2", &ec2.url)
        .set("AWS_ACCESS_KEY_ID", "AKIAENV")
        .set("AWS_SECRET_ACCESS_KEY", "CANARY");
    assert_eq!(signed(&place, &ec2, &["--profile", "other"]).0, "AKIAOTHER");

    // Files elsewhere.
    let ec2 = StandIn::ec2();
    let place = files().file("elsewhere", &key("default").replace("AKIADEFAULT", "AKIAELSEWHERE"));
    let path = place.path().join("elsewhere").to_str().unwrap().to_owned();
    let place = place.set("AWS_ENDPOINT_URL_EC2", &ec2.url).set("AWS_SHARED_CREDENTIALS_FILE", path);
    assert_eq!(signed(&place, &ec2, &[]).0, "AKIAELSEWHERE");
}

fn sts() -> StandIn {
    StandIn::start(|request| {
        let action = request.parameter("Action");
        let text = format!(
            "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>\
             <AssumedRoleUser><AssumedRoleId>id:s</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/r/s</Arn></AssumedRoleUser>\
             <Credentials><AccessKeyId>ASIA{}</AccessKeyId><SecretAccessKey>CANARY</SecretAccessKey>\
             <SessionToken>token-sts</SessionToken><Expiration>{EXPIRES}</Expiration></Credentials></{action}Result>\
             <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>",
            action.to_uppercase()
        );
        Answer::Status(200, "text/xml", text)
    })
}

#[test]
fn a_role_behind_a_profile() {
    for (partition, region_line, region) in
        [("aws", "", "us-east-1"), ("aws-cn", "", "cn-north-1"), ("aws", "region = ap-south-1\n", "ap-south-1")]
    {
        let (ec2, sts) = (StandIn::ec2(), sts());
        let config = format!(
            "[profile role]\nrole_arn = arn:{partition}:iam::123456789012:role/reader\nsource_profile = base\n{region_line}"
        );
        let place = place(&ec2)
            .file(".aws/config", &config)
            .file(".aws/credentials", &key("base"))
            .set("AWS_ENDPOINT_URL_STS", &sts.url);
        assert_eq!(signed(&place, &ec2, &["--profile", "role"]), ("ASIAASSUMEROLE".into(), Some("token-sts".into())));
        let [request] = sts.seen().try_into().unwrap();
        assert_eq!(request.signer(), ("AKIABASE".into(), region.into()));
        assert_eq!(request.parameter("RoleArn"), format!("arn%3A{partition}%3Aiam%3A%3A123456789012%3Arole%2Freader"));
    }
}

#[test]
fn web_identity() {
    let (ec2, sts) = (StandIn::ec2(), sts());
    let place = place(&ec2).file("token", "CANARY-jwt");
    let path = place.path().join("token").to_str().unwrap().to_owned();
    let place = place
        .set("AWS_WEB_IDENTITY_TOKEN_FILE", path)
        .set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/reader")
        .set("AWS_ENDPOINT_URL_STS", &sts.url);
    assert_eq!(signed(&place, &ec2, &[]).0, "ASIAASSUMEROLEWITHWEBIDENTITY");
    assert_eq!(sts.seen()[0].parameter("WebIdentityToken"), "CANARY-jwt");
}

/// A08, A13: what AWS refuses, and a token that is not there.
#[test]
fn roles_that_cannot_be_assumed() {
    let sts = StandIn::start(|_| {
        let text = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                    <Code>AccessDenied</Code><Message>User: u is not authorized to perform: sts:AssumeRole</Message></Error>\
                    <RequestId>r-2</RequestId></ErrorResponse>";
        Answer::Status(403, "text/xml", text.to_owned())
    });
    let ec2 = StandIn::ec2();
    let config = "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = base\n";
    let denied = place(&ec2)
        .file(".aws/config", config)
        .file(".aws/credentials", &key("base"))
        .set("AWS_ENDPOINT_URL_STS", &sts.url);
    expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "role" failed
        detail: an error occurred while loading credentials: service error: unhandled error (AccessDenied): Error { code: "AccessDenied", message: "User: u is not authorized to perform: sts:AssumeRole" }
        hint: Does the role exist, does it trust who assumes it, and is the external_id of the profile the one that it wants?
        --- exit 4
    "#]].assert_eq(&denied.run(&["--profile", "role", "-c", IMAGES]).to_string());
    let missing = place(&ec2)
        .set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token")
        .set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/reader")
        .set("AWS_ENDPOINT_URL_STS", &sts.url);
    expect![[r#"
        --- stderr
        ERROR 28000: no credentials: web identity failed
        detail: AWS_WEB_IDENTITY_TOKEN_FILE: the token file "/nowhere/token" cannot be read: No such file or directory (os error 2)
        hint: Set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or neither. Instead of them: --profile NAME.
        --- exit 4
    "#]]
    .assert_eq(&missing.run(&["-c", IMAGES]).to_string());
    assert_eq!((ec2.seen().len(), sts.seen().len()), (0, 1));
}

#[test]
fn single_sign_on() {
    const CONFIG: &str = "[profile corp]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = reader\n\
                          [sso-session corp]\nsso_region = eu-north-1\nsso_start_url = https://corp.awsapps.com/start\n";
    let portal = || {
        StandIn::start(|_| {
            let text = r#"{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"CANARY","sessionToken":"token-sso","expiration":32472144000000}}"#;
            Answer::Status(200, "application/json", text.to_owned())
        })
    };
    let (ec2, sso) = (StandIn::ec2(), portal());
    // The file's name is the SHA-1 of the session's.
    let cached = format!(
        r#"{{"startUrl":"https://corp.awsapps.com/start","region":"eu-north-1","accessToken":"CANARY-sso","expiresAt":"{EXPIRES}"}}"#
    );
    let place_ = place(&ec2)
        .file(".aws/config", CONFIG)
        .file(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", &cached)
        .set("AWS_ENDPOINT_URL_SSO", &sso.url);
    assert_eq!(signed(&place_, &ec2, &["--profile", "corp"]), ("ASIASSO".into(), Some("token-sso".into())));
    let request = &sso.seen()[0];
    assert_eq!(request.header("x-amz-sso_bearer_token"), Some("CANARY-sso"));
    assert!(
        request.path.contains("role_name=reader") && request.path.contains("account_id=123456789012"),
        "{}",
        request.path
    );

    // Signed in too long ago, or never: what to type.
    let (ec2, sso) = (StandIn::ec2(), portal());
    let place = place(&ec2).file(".aws/config", CONFIG).set("AWS_ENDPOINT_URL_SSO", &sso.url);
    let old = cached.replace(EXPIRES, "2020-01-01T00:00:00Z");
    let place = place.file(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", &old);
    let ended = place.run(&["--profile", "corp", "-c", IMAGES]);
    assert!(ended.code == Some(4) && ended.stderr.contains("aws sso login --profile corp"), "{ended}");
    std::fs::remove_dir_all(place.path().join(".aws/sso")).unwrap();
    let ended = place.run(&["--profile", "corp", "-c", IMAGES]);
    assert_eq!((ended.code, ec2.seen().len(), sso.seen().len()), (Some(4), 0, 0), "{ended}");
    assert!(ended.stderr.contains("aws sso login --profile corp"), "{ended}");
}

#[test]
fn container() {
    let ec2 = StandIn::ec2();
    let agent = StandIn::start(|request| {
        assert_eq!((request.path.as_str(), request.header("authorization")), ("/creds?id=1", Some("CANARY-auth")));
        let text = format!(
            r#"{{"AccessKeyId":"ASIACONTAINER","SecretAccessKey":"CANARY","Token":"token-c","Expiration":"{EXPIRES}"}}"#
        );
        Answer::Status(200, "application/json", text)
    });
    let place = place(&ec2)
        .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/creds?id=1", agent.url))
        .set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "CANARY-auth");
    assert_eq!(signed(&place, &ec2, &[]), ("ASIACONTAINER".into(), Some("token-c".into())));
}

pub(crate) fn metadata(request: &Request) -> Answer {
    const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
    let token = "text/plain\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600";
    match (request.method.as_str(), request.path.as_str()) {
        ("PUT", "/latest/api/token") => Answer::Status(200, token, "CANARY-token".into()),
        _ if request.header("x-aws-ec2-metadata-token") != Some("CANARY-token") => {
            Answer::Status(401, "text/plain", String::new())
        }
        ("GET", ROLES) => Answer::Status(200, "text/plain", "reader".into()),
        ("GET", path) if path == format!("{ROLES}reader") => {
            let text = format!(
                r#"{{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAINSTANCE","SecretAccessKey":"CANARY","Token":"token-i","LastUpdated":"2026-01-01T00:00:00Z","Expiration":"{EXPIRES}"}}"#
            );
            Answer::Status(200, "application/json", text)
        }
        _ => Answer::Status(404, "text/plain", String::new()),
    }
}

/// `IMDSv2`, also as the source of a role, and never through a proxy.
#[test]
fn instance() {
    let (ec2, imds) = (StandIn::ec2(), StandIn::start(metadata));
    let here = |ec2: &StandIn| {
        place(ec2).unset("AWS_EC2_METADATA_DISABLED").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &imds.url)
    };
    let place = here(&ec2).set("HTTP_PROXY", "http://127.0.0.1:1").set("http_proxy", "http://127.0.0.1:1");
    assert_eq!(signed(&place, &ec2, &[]), ("ASIAINSTANCE".into(), Some("token-i".into())));

    let (ec2, sts) = (StandIn::ec2(), sts());
    let config =
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/reader\ncredential_source = Ec2InstanceMetadata\n";
    let place = here(&ec2).file(".aws/config", config).set("AWS_ENDPOINT_URL_STS", &sts.url);
    assert_eq!(signed(&place, &ec2, &["--profile", "role"]).0, "ASIAASSUMEROLE");
    assert_eq!(sts.seen()[0].signer().0, "ASIAINSTANCE");
}

#[test]
fn process() {
    let script = |text: &str| format!("#!/bin/sh\n{text}\n");
    let config = |home: &Place| format!("[default]\ncredential_process = sh {}\n", home.path().join("give").display());
    let ec2 = StandIn::ec2();
    let gives = r#"echo '{"Version":1,"AccessKeyId":"AKIAPROCESS","SecretAccessKey":"CANARY"}'"#;
    let place_ = place(&ec2).file("give", &script(gives));
    let text = config(&place_);
    assert_eq!(signed(&place_.file(".aws/config", &text), &ec2, &[]).0, "AKIAPROCESS");

    // A07: what a failing process writes is not shown.
    for fails in
        ["echo CANARY; echo CANARY >&2; exit 1", "echo CANARY", r#"echo '{"Version":1,"SecretAccessKey":"CANARY"}'"#]
    {
        let ec2 = StandIn::ec2();
        let place = place(&ec2).file("give", &script(fails));
        let text = config(&place);
        let ended = place.file(".aws/config", &text).run(&["-v", "-c", IMAGES]);
        assert_eq!((ended.code, ec2.seen().len()), (Some(4), 0), "{ended}");
    }
}

/// A01: who was asked, what to type, and nothing sent.
#[test]
fn none_at_all() {
    let ec2 = StandIn::ec2();
    expect![[r#"
        --- stderr
        ERROR 28000: no credentials were found, so nothing was sent
        detail: asked in this order: environment: AWS_ACCESS_KEY_ID is not set; profile "default": it is not in the configuration files, or holds none; web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set; instance metadata: IMDS disabled by AWS_EC2_METADATA_DISABLED env var set to `true`.
        hint: Name a profile (--profile NAME), sign in (aws sso login), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. --demo needs none.
        --- exit 4
    "#]].assert_eq(&place(&ec2).run(&["-c", IMAGES]).to_string());
    let place = place(&ec2).file(".aws/config", "[default]\nregion = us-east-1\n");
    expect![[r#"
        --- stderr
        ERROR 28000: no credentials were found, so nothing was sent
        detail: asked in this order: environment: AWS_ACCESS_KEY_ID is not set; profile "default": it is not in the configuration files, or holds none; web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set; instance metadata: IMDS disabled by AWS_EC2_METADATA_DISABLED env var set to `true`.
        hint: Name a profile (--profile NAME), sign in (aws sso login), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. --demo needs none.
        --- exit 4
    "#]].assert_eq(&place.run(&["-c", IMAGES]).to_string());
    assert_eq!(ec2.seen().len(), 0);
    // What needs no request needs no credentials.
    assert_eq!(place.run(&["-c", "SELECT 1 AS a"]).stdout, "a\n1\n");
}

/// A06: off EC2 nothing answers, or the wrong thing does.
#[test]
fn no_instance_is_noticed_soon() {
    let answers: [fn(&Request) -> Answer; 4] = [
        |_| Answer::Silence,
        |_| Answer::Status(401, "text/plain", String::new()),
        |_| Answer::Status(500, "text/html", "<html>".into()),
        |request| match request.method.as_str() {
            "PUT" => Answer::Status(200, "text/plain\r\nx-aws-ec2-metadata-token-ttl-seconds: 60", "CANARY".into()),
            _ => Answer::Status(404, "text/plain", String::new()),
        },
    ];
    for answer in answers {
        let (ec2, imds) = (StandIn::ec2(), StandIn::start(answer));
        let place = place(&ec2).unset("AWS_EC2_METADATA_DISABLED").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &imds.url);
        let begun = Instant::now();
        let ended = place.run(&["-c", IMAGES]);
        assert_eq!((ended.code, ec2.seen().len()), (Some(4), 0), "{ended}");
        assert!(begun.elapsed() < Duration::from_millis(2_500), "{:?}: {ended}", begun.elapsed());
    }
}

/// A09: profiles that lead nowhere, in circles, or into a file that is none.
#[test]
fn profiles_that_are_wrong() {
    let ec2 = StandIn::ec2();
    let circle = "[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\n\
                  [profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = a\n";
    let missing = "[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = nowhere\n";
    let broken = "[profile a\nthis is = no profile file";
    let text = [circle, missing, broken].map(|text| {
        let place = place(&ec2).file(".aws/config", text);
        let ended = place.run(&["--profile", "a", "-c", IMAGES]).to_string();
        ended.replace(place.path().to_str().unwrap(), "HOME")
    });
    expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "a" failed
        detail: ProfileFile provider could not be built: profile formed an infinite loop. first we loaded ["a", "b"], then attempted to reload a
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4

        --- stderr
        ERROR 28000: no credentials: profile "a" failed
        detail: profile `nowhere` was not defined: could not find source profile nowhere referenced from a
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4

        --- stderr
        ERROR 28000: no credentials: profile "a" failed
        detail: error parsing HOME/.aws/config on line 1: Profile definition must end with ']'
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]].assert_eq(&text.join("\n"));
    assert_eq!(ec2.seen().len(), 0);
}

#[test]
fn endpoints_of_the_environment_and_the_configuration() {
    let shown = |place: Place, arguments: &[&str]| {
        let ended = place.run(&[arguments, &["-v", "-c", "SET ec2ql.pushdown = on"]].concat());
        ended.stderr.lines().find_map(|line| line.strip_prefix("endpoint:").map(|text| text.trim().to_owned())).unwrap()
    };
    let config = "[default]\nendpoint_url = http://127.0.0.1:3\nservices = local\nregion = eu-west-2\n[services local]\nec2 =\n  endpoint_url = http://127.0.0.1:2\n\
                  [profile plain]\nendpoint_url = http://127.0.0.1:3\n[profile fips]\nuse_fips_endpoint = true\n";
    let place = || Place::new().file(".aws/config", config);
    assert_eq!(
        shown(
            place().set("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:9").set("AWS_ENDPOINT_URL", "http://127.0.0.1:8"),
            &[]
        ),
        "http://127.0.0.1:9/ (custom)"
    );
    assert_eq!(shown(place().set("AWS_ENDPOINT_URL", "http://127.0.0.1:8"), &[]), "http://127.0.0.1:8/ (custom)");
    assert_eq!(shown(place(), &[]), "http://127.0.0.1:2/ (custom)");
    assert_eq!(shown(place(), &["--profile", "plain"]), "http://127.0.0.1:3/ (custom)");
    assert_eq!(shown(place(), &["--endpoint-url", "http://127.0.0.1:7"]), "http://127.0.0.1:7/ (custom)");
    for variable in ["AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"] {
        let ignoring = place().set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true").set(variable, "http://127.0.0.1:9");
        assert_eq!(shown(ignoring, &[]), "https://ec2.eu-west-2.amazonaws.com/ and its like");
    }
    assert_eq!(shown(place(), &["--profile", "fips"]), "https://ec2-fips.us-east-1.amazonaws.com/ and its like");
    let dual_stack = Place::new().set("AWS_USE_DUALSTACK_ENDPOINT", "true").set("AWS_REGION", "cn-north-1");
    assert_eq!(shown(dual_stack, &[]), "https://ec2.cn-north-1.api.amazonwebservices.com.cn/ and its like");
}

#[test]
fn attempts_of_the_environment() {
    let ec2 = StandIn::start(|_| Answer::Status(503, "text/html", "<html>".into()));
    let place = place(&ec2)
        .set("AWS_ACCESS_KEY_ID", "AKIAENV")
        .set("AWS_SECRET_ACCESS_KEY", "CANARY")
        .set("AWS_MAX_ATTEMPTS", "2");
    assert_eq!(place.run(&["-c", IMAGES]).code, Some(4));
    assert_eq!(ec2.seen().len(), 2);
}

#[test]
fn a_ca_bundle_that_cannot_be_used() {
    let place = Place::new().file("empty.pem", "no certificate").set("AWS_CA_BUNDLE", "missing.pem");
    expect![[r#"
        --- stderr
        ERROR 42000: the CA bundle "missing.pem" cannot be read: No such file or directory (os error 2)
        hint: It is named by AWS_CA_BUNDLE or ca_bundle.
        --- exit 1
    "#]]
    .assert_eq(&place.run(&["-c", "SELECT 1 AS a"]).to_string());
    // One that is no certificate under its armour is not given to a client that would panic.
    let armoured = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let mut place = place.file("armoured.pem", armoured);
    for name in ["empty.pem", "armoured.pem"] {
        place = place.set("AWS_CA_BUNDLE", name);
        let ended = place.run(&["-c", "SELECT 1 AS a"]);
        let expected = format!("the CA bundle \"{name}\" holds no certificate that can be used");
        assert!(ended.code == Some(1) && ended.stderr.contains(&expected), "{ended}");
    }
}

/// The demo has its own keys, and asks no one else.
#[test]
fn the_demo_ignores_what_is_real() {
    let ec2 = StandIn::ec2();
    let place = place(&ec2)
        .set("AWS_ACCESS_KEY_ID", "AKIAENV")
        .set("AWS_SECRET_ACCESS_KEY", "CANARY")
        .set("AWS_PROFILE", "nowhere");
    let ended = place.run(&["--demo", "-c", "SELECT count(*) > 0 AS found FROM images WHERE region = 'us-east-1'"]);
    assert_eq!((ended.stdout.as_str(), ec2.seen().len()), ("found\ntrue\n", 0), "{ended}");
}
