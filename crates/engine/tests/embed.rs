//! The example that embeds the catalog, run as it was built.

#![expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]

use std::process::Command;

use expect_test::expect;

#[test]
fn the_example_prints_what_its_query_asks_for() {
    let tests = std::env::current_exe().unwrap();
    let built = tests.ancestors().nth(2).unwrap();
    let example = built.join("examples").join(format!("embed{}", std::env::consts::EXE_SUFFIX));
    let output = Command::new(&example).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    expect![[r#"
        +-------+-----------+-------+
        | owner | status    | tasks |
        +-------+-----------+-------+
        | Ada   | active    | 4     |
        | Ada   | completed | 20    |
        | Ada   | deleted   | 6     |
        | Grace | active    | 12    |
        | Grace | completed | 4     |
        +-------+-----------+-------+
    "#]]
    .assert_eq(&String::from_utf8_lossy(&output.stdout));
}
