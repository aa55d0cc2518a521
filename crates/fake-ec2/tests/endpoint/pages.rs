//! Pages and tokens, right and wrong.

use fake_ec2::Fake;

use crate::client::{Client, start};

/// The rows of each page, until there is no token or `pages_max` pages were read.
async fn pages(
    client: &Client,
    operation: &str,
    key: &str,
    max_results: Option<&str>,
    pages_max: usize,
) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut token: Option<String> = None;
    while pages.len() < pages_max {
        let mut parameters: Vec<(&str, &str)> = max_results.iter().map(|rows| ("MaxResults", *rows)).collect();
        parameters.extend(token.as_deref().map(|token| ("NextToken", token)));
        let page = client.ask(operation, &parameters).await;
        assert_eq!(page.status, 200, "{}", page.body);
        pages.push(page.texts(key));
        token = page.texts("nextToken").pop();
        if token.as_deref().unwrap_or_default().is_empty() {
            break;
        }
    }
    pages
}

#[tokio::test]
async fn pages_have_each_row_exactly_once() {
    let fake = start().await;
    let client = Client::at(&fake, "us-west-2");
    for (operation, key) in [
        ("DescribeImportImageTasks", "importTaskId"),
        ("DescribeExportImageTasks", "exportImageTaskId"),
        ("DescribeImages", "imageLocation"),
        ("DescribeSnapshots", "startTime"),
        ("DescribeVolumes", "createTime"),
        ("DescribeInstances", "launchTime"),
    ] {
        let whole = pages(&client, operation, key, Some("500"), 2).await;
        let [whole] = whole.as_slice() else { panic!("{operation} fits on one page") };
        for rows in ["5", "6", "7"] {
            let some = pages(&client, operation, key, Some(rows), 100).await;
            assert!(some.iter().all(|page| page.len().to_string().as_str() <= rows), "{operation} {rows}");
            assert_eq!(some.concat(), *whole, "{operation} {rows}");
        }
    }
    let default = pages(&client, "DescribeImportImageTasks", "importTaskId", None, 9).await;
    assert_eq!(default.iter().map(Vec::len).collect::<Vec<_>>(), [20, 6]);
}

#[tokio::test]
async fn a_token_is_good_for_its_own_request_only() {
    let fake = start().await;
    let client = Client::of(&fake);
    let page = client.ask("DescribeImportImageTasks", &[("MaxResults", "5")]).await;
    let token = page.texts("nextToken").concat();
    let again = |max: &'static str, token: String, client: Client| async move {
        let received = client.ask("DescribeImportImageTasks", &[("NextToken", &token), ("MaxResults", max)]).await;
        if received.status == 200 { "right".to_owned() } else { received.code() }
    };
    assert_eq!(again("5", token.clone(), client.clone()).await, "right");
    let wrong = "InvalidPaginationToken";
    assert_eq!(again("6", token.clone(), client.clone()).await, wrong);
    assert_eq!(again("5", token.clone(), Client::at(&fake, "us-west-2")).await, wrong);
    assert_eq!(again("5", format!("{token} "), client.clone()).await, wrong);
    assert_eq!(again("5", token.replace("0002", "0003"), client.clone()).await, wrong);
    assert_eq!(again("5", String::new(), client).await, wrong);
    let seen: Vec<usize> = fake.requests().iter().map(|request| request.page).collect();
    assert_eq!(seen, [1, 2, 0, 0, 0, 0, 0]);
}

/// The number of rows on each page under a fault, of at most eight.
async fn counts(fake: &Fake, fault: &str) -> Vec<usize> {
    fake.script("clear").unwrap();
    fake.script(fault).unwrap();
    let pages = pages(&Client::of(fake), "DescribeImportImageTasks", "importTaskId", Some("10"), 8).await;
    pages.iter().map(Vec::len).collect()
}

/// The first token of a scan, and how many different ones its first eight pages have.
async fn tokens(fake: &Fake, fault: &str) -> (String, usize) {
    fake.script("clear").unwrap();
    fake.script(fault).unwrap();
    fake.clear_requests();
    pages(&Client::of(fake), "DescribeImportImageTasks", "importTaskId", Some("10"), 8).await;
    let sent = fake.requests().into_iter().skip(1);
    let tokens: Vec<String> = sent.map(|request| request.parameters[1].1.clone()).collect();
    let different: std::collections::BTreeSet<_> = tokens.iter().collect();
    (tokens[0].clone(), different.len())
}

#[tokio::test]
async fn tokens_that_lead_astray() {
    let fake = start().await;
    assert_eq!(counts(&fake, "clear").await, [10, 10, 6]);
    assert_eq!(counts(&fake, "fault token empty-first").await, [0, 10, 10, 6]);
    assert_eq!(counts(&fake, "fault token empty-last").await, [10, 10, 6]);
    assert_eq!(counts(&fake, "fault token loop").await, [10; 8]);
    assert_eq!(tokens(&fake, "fault token loop").await.1, 1);
    assert_eq!(counts(&fake, "fault token cycle 3").await, [10, 10, 6, 0, 10, 6, 0, 10]);
    assert_eq!(tokens(&fake, "fault token cycle 3").await.1, 3);
    assert_eq!(counts(&fake, "fault token fresh").await, [10, 10, 6, 0, 0, 0, 0, 0]);
    assert_eq!(tokens(&fake, "fault token fresh").await.1, 7);
    assert_eq!(counts(&fake, "fault token fresh full").await, [10, 10, 6, 10, 10, 6, 10, 10]);
    let odd = "fault token is \" %+&=\\n<é>\"";
    assert_eq!(counts(&fake, odd).await, [10, 10, 6]);
    assert_eq!(tokens(&fake, odd).await, (" %+&=\n<é>".to_owned(), 2), "the log has what was sent");
    assert_eq!(tokens(&fake, "fault token size 1000000").await.1, 2);
    let last = fake.requests().pop().unwrap();
    assert_eq!(last.page, 3);
}
