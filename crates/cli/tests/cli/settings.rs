//! Settings of the environment that cannot be used, and what is said of a connection that does not come about.

use expect_test::{Expect, expect};

use crate::process::{Ended, Place};

const IMAGES: &str = "SELECT imageId FROM images WHERE region = 'us-east-1'";

fn check(variables: &[(&str, &str)], expected: Expect) {
    let place = variables.iter().fold(Place::new(), |place, (name, value)| place.set(name, *value));
    expected.assert_eq(&place.run(&["-c", "SELECT 1 AS a"]).to_string());
}

#[test]
fn switches_and_numbers() {
    check(
        &[("AWS_USE_FIPS_ENDPOINT", "maybe")],
        expect![[r#"
        --- stderr
        ERROR 42000: AWS_USE_FIPS_ENDPOINT cannot be "maybe"
        hint: It is true or false.
        --- exit 1
    "#]],
    );
    check(
        &[("AWS_USE_DUALSTACK_ENDPOINT", "1")],
        expect![[r#"
        --- stderr
        ERROR 42000: AWS_USE_DUALSTACK_ENDPOINT cannot be "1"
        hint: It is true or false.
        --- exit 1
    "#]],
    );
    check(
        &[("AWS_EC2_METADATA_DISABLED", "yes")],
        expect![[r#"
        --- stderr
        ERROR 42000: AWS_EC2_METADATA_DISABLED cannot be "yes"
        hint: It is true or false.
        --- exit 1
    "#]],
    );
    check(
        &[("AWS_MAX_ATTEMPTS", "many")],
        expect![[r#"
        --- stderr
        ERROR 42000: AWS_MAX_ATTEMPTS (max_attempts in the AWS configuration) cannot be "many"
        hint: It is a number from 1 on.
        --- exit 1
    "#]],
    );
    check(
        &[("AWS_MAX_ATTEMPTS", "0")],
        expect![[r#"
        --- stderr
        ERROR 42000: AWS_MAX_ATTEMPTS (max_attempts in the AWS configuration) cannot be "0"
        hint: It is a number from 1 on.
        --- exit 1
    "#]],
    );
    // How often is asked again does not depend on it.
    check(
        &[("AWS_RETRY_MODE", "nonsense"), ("AWS_USE_FIPS_ENDPOINT", "")],
        expect![[r#"
        a
        1
        --- exit 0
    "#]],
    );
    let place = Place::new().file(".aws/config", "[default]\nuse_fips_endpoint = maybe\n");
    expect![[r#"
        --- stderr
        ERROR 42000: use_fips_endpoint in the AWS configuration cannot be "maybe"
        hint: It is true or false.
        --- exit 1
    "#]]
    .assert_eq(&place.run(&["-c", "SELECT 1 AS a"]).to_string());
}

#[test]
fn proxies() {
    check(
        &[("HTTPS_PROXY", "garbage://me:CANARY@x")],
        expect![[r#"
        --- stderr
        ERROR 42000: HTTPS_PROXY cannot be "garbage://***@x"
        hint: Write http://HOST:PORT. NO_PROXY names hosts that need none.
        --- exit 1
    "#]],
    );
    check(
        &[("https_proxy", "http://me:CANARY@")],
        expect![[r#"
        --- stderr
        ERROR 42000: https_proxy cannot be "http://***@"
        hint: Write http://HOST:PORT. NO_PROXY names hosts that need none.
        --- exit 1
    "#]],
    );
    check(
        &[("ALL_PROXY", "socks5://127.0.0.1:1080")],
        expect![[r#"
        --- stderr
        ERROR 42000: ALL_PROXY cannot be "socks5://127.0.0.1:1080"
        hint: Write http://HOST:PORT. NO_PROXY names hosts that need none.
        --- exit 1
    "#]],
    );
    check(
        &[("HTTPS_PROXY", "127.0.0.1:3128"), ("HTTP_PROXY", ""), ("ALL_PROXY", "socks5://127.0.0.1:1080")],
        expect![[r#"
        a
        1
        --- exit 0
    "#]],
    );
}

/// A refusal has another number on macOS.
fn portable(ended: &Ended) -> String {
    ended.to_string().replace("(os error 61)", "(os error 111)")
}

/// N01, N17: who was to be reached, and on which way.
#[test]
fn a_connection_that_fails_says_where() {
    let place = Place::new()
        .set("AWS_ACCESS_KEY_ID", "AKIATEST")
        .set("AWS_SECRET_ACCESS_KEY", "CANARY")
        .set("AWS_MAX_ATTEMPTS", "1");
    // Nobody listens on port 1.
    let direct = place.run(&["--endpoint-url", "http://127.0.0.1:1", "-c", IMAGES]);
    expect![[r#"
        --- stderr
        ERROR 08001: no complete answer to "DescribeImages" in region "us-east-1": there is no connection to 127.0.0.1:1
        detail: error sending request: client error (Connect): tcp connect error: Connection refused (os error 111) after 1 attempt. Trying again may help.
        --- exit 4
    "#]].assert_eq(&portable(&direct));
    let place = place.set("HTTPS_PROXY", "http://me:CANARY@127.0.0.1:1");
    expect![[r#"
        --- stderr
        ERROR 08001: no complete answer to "DescribeImages" in region "us-east-1": there is no connection to ec2.us-east-1.amazonaws.com:443 through the proxy http://127.0.0.1:1
        detail: error sending request: client error (Connect): tunnel error: failed to create underlying connection: tcp connect error: Connection refused (os error 111) after 1 attempt. Trying again may help.
        --- exit 4
    "#]].assert_eq(&portable(&place.run(&["-c", IMAGES])));
}
