//! Settings of credentials that are broken: each is an error before any request, and no other provider stands in,
//! because its account may be another one.

use std::os::unix::ffi::OsStringExt as _;

use expect_test::{Expect, expect};

use crate::credentials::{IMAGES, key, metadata, place};
use crate::process::{Ended, Place};
use crate::standin::StandIn;

/// Runs where instance metadata would give credentials, and checks that nobody was asked.
fn check(change: impl FnOnce(Place) -> Place, arguments: &[&str], expected: Expect) {
    check_raw(change, &[], arguments, expected);
}

fn check_raw(change: impl FnOnce(Place) -> Place, raw: &[(&str, &[u8])], arguments: &[&str], expected: Expect) {
    let (ec2, imds) = (StandIn::ec2(), StandIn::start(metadata));
    let here = place(&ec2).unset("AWS_EC2_METADATA_DISABLED").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &imds.url);
    let place = change(here);
    let mut command = place.command(&[arguments, &["-c", IMAGES]].concat());
    for (name, bytes) in raw {
        command.env(name, std::ffi::OsString::from_vec(bytes.to_vec()));
    }
    let ended = Ended::of(command.output().unwrap());
    let home = place.path().to_str().unwrap();
    expected.assert_eq(&ended.to_string().replace(home, "HOME"));
    assert_eq!((ended.code, ec2.seen().len(), imds.seen().len()), (Some(4), 0, 0), "{ended}");
}

#[test]
fn half_a_key() {
    let set = |name: &'static str| move |place: Place| place.set(name, "CANARY");
    check(
        set("AWS_ACCESS_KEY_ID"),
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: environment failed
        detail: AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not
        hint: Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, where the key is temporary), or none of them. Instead of them: --profile NAME.
        --- exit 4
    "#]],
    );
    check(
        set("AWS_SECRET_ACCESS_KEY"),
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: environment failed
        detail: AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not
        hint: Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, where the key is temporary), or none of them. Instead of them: --profile NAME.
        --- exit 4
    "#]],
    );
    check(
        set("AWS_SESSION_TOKEN"),
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: environment failed
        detail: AWS_SESSION_TOKEN is set, and AWS_ACCESS_KEY_ID is not
        hint: Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, where the key is temporary), or none of them. Instead of them: --profile NAME.
        --- exit 4
    "#]],
    );
    check(
        |place| set("AWS_ACCESS_KEY_ID")(place).set("AWS_SECRET_ACCESS_KEY", ""),
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: environment failed
        detail: AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not
        hint: Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, where the key is temporary), or none of them. Instead of them: --profile NAME.
        --- exit 4
    "#]],
    );
}

#[test]
fn keys_that_no_header_can_carry() {
    let pair = |place: Place| place.set("AWS_ACCESS_KEY_ID", "AKIAENV").set("AWS_SECRET_ACCESS_KEY", "CANARY");
    check_raw(
        pair,
        &[("AWS_SECRET_ACCESS_KEY", b"CANARY\xff")],
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: environment failed
        detail: AWS_SECRET_ACCESS_KEY is not UTF-8
        hint: Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, where the key is temporary), or none of them. Instead of them: --profile NAME.
        --- exit 4
    "#]],
    );
    check_raw(
        pair,
        &[("AWS_SESSION_TOKEN", b"CANARY\xff")],
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: environment failed
        detail: AWS_SESSION_TOKEN is not UTF-8
        hint: Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, where the key is temporary), or none of them. Instead of them: --profile NAME.
        --- exit 4
    "#]],
    );
    check_raw(
        pair,
        &[("AWS_SESSION_TOKEN", b"CANARY\n")],
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: environment failed
        detail: AWS_SESSION_TOKEN holds a blank, a line break or another character that is in no key
        hint: Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, where the key is temporary), or none of them. Instead of them: --profile NAME.
        --- exit 4
    "#]],
    );
    check_raw(
        |place| place,
        &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", b"\xff")],
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: container failed
        detail: AWS_CONTAINER_CREDENTIALS_FULL_URI is not UTF-8
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]],
    );
    // The keys of the environment as a profile's source are the same keys.
    let config = "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\ncredential_source = Environment\n";
    let sourced = |place: Place| pair(place).file(".aws/config", config).set("AWS_SESSION_TOKEN", "CAN ARY");
    check(
        sourced,
        &["--profile", "role"],
        expect![[r#"
            --- stderr
            ERROR 28000: no credentials: profile "role" failed
            detail: AWS_SESSION_TOKEN holds a blank, a line break or another character that is in no key
            hint: Another profile: --profile NAME. --demo needs none.
            --- exit 4
        "#]],
    );
}

#[test]
fn a_named_profile_has_no_substitute() {
    let named = |name: &'static str| {
        move |place: Place| place.file(".aws/config", "[profile empty]\nregion = eu-west-1\n").set("AWS_PROFILE", name)
    };
    check(
        named("nosuch"),
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "nosuch" (AWS_PROFILE) failed
        detail: there is no such profile in "HOME/.aws/config" or "HOME/.aws/credentials"
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]],
    );
    check(
        named("empty"),
        &["--profile", "nosuch"],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "nosuch" failed
        detail: there is no such profile in "HOME/.aws/config" or "HOME/.aws/credentials"
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]],
    );
    check(
        named("empty"),
        &[],
        expect![[r#"
            --- stderr
            ERROR 28000: no credentials: profile "empty" (AWS_PROFILE) failed
            detail: it says nothing about credentials
            hint: Another profile: --profile NAME. Without a named profile those of the container or the instance are used.
            --- exit 4
        "#]],
    );
    check(
        named("nosuch"),
        &["--profile", "empty"],
        expect![[r#"
            --- stderr
            ERROR 28000: no credentials: profile "empty" failed
            detail: it says nothing about credentials
            hint: Another profile: --profile NAME. Without a named profile those of the container or the instance are used.
            --- exit 4
        "#]],
    );
    check_raw(
        |place| place,
        &[("AWS_PROFILE", b"\xff")],
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile failed
        detail: AWS_PROFILE is not UTF-8
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]],
    );
}

/// The default one need not be there, but what it names has to be.
#[test]
fn a_default_profile_that_leads_nowhere() {
    let broken = "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = nosuch\n";
    check(
        |place| place.file(".aws/config", broken),
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "default" failed
        detail: profile `nosuch` was not defined: could not find source profile nosuch referenced from default
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]],
    );
    let itself = broken.replace("nosuch", "default");
    check(
        |place| place.file(".aws/config", &itself),
        &[],
        expect![[r#"
            --- stderr
            ERROR 28000: no credentials: profile "default" failed
            detail: it has no keys of its own, and names nothing that has
            hint: Another profile: --profile NAME. --demo needs none.
            --- exit 4
        "#]],
    );
}

/// Keys in the environment come first, as in all of AWS's tools, and an empty name is none.
#[test]
fn a_named_profile_comes_after_keys() {
    for (name, expected) in [("nosuch", "AKIAENV"), ("", "AKIADEFAULT")] {
        let ec2 = StandIn::ec2();
        let mut place = place(&ec2).file(".aws/credentials", &key("default")).set("AWS_PROFILE", name);
        if !name.is_empty() {
            place = place.set("AWS_ACCESS_KEY_ID", "AKIAENV").set("AWS_SECRET_ACCESS_KEY", "CANARY");
        }
        let ended = place.run(&["-c", IMAGES]);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert_eq!(ec2.seen()[0].signer().0, expected);
    }
}

#[test]
fn half_a_web_identity() {
    let role = |place: Place| place.set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r");
    check(
        |place| place.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"),
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: web identity failed
        detail: AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not
        hint: Set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or neither. Instead of them: --profile NAME.
        --- exit 4
    "#]],
    );
    check(
        role,
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: web identity failed
        detail: AWS_ROLE_ARN is set, and AWS_WEB_IDENTITY_TOKEN_FILE is not
        hint: Set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or neither. Instead of them: --profile NAME.
        --- exit 4
    "#]],
    );
    check(
        |place| role(place).set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"),
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: web identity failed
        detail: AWS_WEB_IDENTITY_TOKEN_FILE: the token file "/nowhere/token" cannot be read: No such file or directory (os error 2)
        hint: Set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or neither. Instead of them: --profile NAME.
        --- exit 4
    "#]],
    );
    let config =
        "[profile web]\nrole_arn = arn:aws:iam::123456789012:role/r\nweb_identity_token_file = /nowhere/token\n";
    check(
        |place| place.file(".aws/config", config),
        &["--profile", "web"],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "web" failed
        detail: the token file "/nowhere/token" cannot be read: No such file or directory (os error 2)
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]],
    );
}

/// A09: files that cannot be read say where.
#[test]
fn configuration_files_that_are_none() {
    check(
        |place| place.file(".aws/config", "[default]\n\nregion\n"),
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "default" failed
        detail: error parsing HOME/.aws/config on line 3: Expected an '=' sign defining a property
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]],
    );
    check(
        |place| place.set("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials"),
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "default" failed
        detail: "/nowhere/credentials" (AWS_SHARED_CREDENTIALS_FILE) cannot be read: No such file or directory (os error 2)
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]],
    );
    let broken = |place: Place| {
        let place = place.file(".aws/credentials", "");
        std::fs::write(place.path().join(".aws/credentials"), b"[default]\n# caf\xe9\n").unwrap();
        place
    };
    check(
        broken,
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "default" failed
        detail: line 2 of "HOME/.aws/credentials" is not UTF-8
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]],
    );
    let folder = |place: Place| {
        std::fs::create_dir_all(place.path().join(".aws/config")).unwrap();
        place
    };
    check(
        folder,
        &[],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "default" failed
        detail: "HOME/.aws/config" cannot be read: Is a directory (os error 21)
        hint: Another profile: --profile NAME. --demo needs none.
        --- exit 4
    "#]],
    );
}

/// A13: nothing is sent without the code that the role asks for.
#[test]
fn a_role_that_wants_a_code() {
    let config = "[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n\
                  mfa_serial = arn:aws:iam::123456789012:mfa/me\n\
                  [profile behind]\nrole_arn = arn:aws:iam::123456789012:role/s\nsource_profile = mfa\n";
    let files = |place: Place| place.file(".aws/config", config).file(".aws/credentials", &key("base"));
    check(
        files,
        &["--profile", "mfa"],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "mfa" failed
        detail: the role of profile "mfa" wants a code of arn:aws:iam::123456789012:mfa/me, and ec2ql does not ask for one
        hint: Let the AWS CLI ask for it: eval "$(aws configure export-credentials --profile mfa --format env)", or export what aws sts get-session-token gives. Then leave the profile out.
        --- exit 4
    "#]],
    );
    check(
        files,
        &["--profile", "behind"],
        expect![[r#"
        --- stderr
        ERROR 28000: no credentials: profile "behind" failed
        detail: the role of profile "mfa" wants a code of arn:aws:iam::123456789012:mfa/me, and ec2ql does not ask for one
        hint: Let the AWS CLI ask for it: eval "$(aws configure export-credentials --profile behind --format env)", or export what aws sts get-session-token gives. Then leave the profile out.
        --- exit 4
    "#]],
    );
}

/// What is mended while the shell runs counts at the next statement.
#[test]
fn a_setting_can_be_mended_meanwhile() {
    let ec2 = StandIn::ec2();
    let place = place(&ec2).file("keys", &key("late"));
    let home = place.path().to_str().unwrap().to_owned();
    let place = place.set("AWS_PROFILE", "late").set("AWS_SHARED_CREDENTIALS_FILE", format!("{home}/later"));
    let mut shell = crate::shell::Shell::start(&place, &[]);
    shell.enter(&format!("{IMAGES};"), "cannot be read");
    std::fs::rename(place.path().join("keys"), place.path().join("later")).unwrap();
    shell.enter(&format!("{IMAGES};"), "(0 rows)");
    shell.leave("\\q\r");
}
