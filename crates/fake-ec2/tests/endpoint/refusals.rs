//! Requests that EC2 refuses, in its words; and filters.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::client::{Client, form, start};

/// Asks one request a line, `Operation name=value ...`, and writes the outcome under each.
async fn check(requests: &str, expected: Expect) {
    let fake = start().await;
    let client = Client::of(&fake);
    let mut seen = String::new();
    for request in requests.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (action, parameters) = request.split_once(' ').unwrap_or((request, ""));
        let parameters: Vec<_> = parameters.split_whitespace().map(|pair| pair.split_once('=').unwrap()).collect();
        let received = client.ask(action, &parameters).await;
        assert_ne!(received.status, 200, "{request}");
        let (status, code, message) = (received.status, received.code(), received.message());
        writeln!(seen, "{request}\n  {status} {code}: {message}").unwrap();
    }
    expected.assert_eq(&seen);
}

#[tokio::test]
async fn parameters() {
    check(
        "DescribeVpcs
         DescribeImportImageTasks Filter.1.Name=task-state Filter.1.Value.1=active
         DescribeImages Filters.1.Name=name Filters.1.Value.1=x
         DescribeImportImageTasks ImportTaskIds.1=x
         DescribeImportImageTasks ImportTaskId=x
         DescribeImportImageTasks ImportTaskId.0=x
         DescribeImportImageTasks Filters.1.Name=task-state
         DescribeImportImageTasks Filters.1.Value.1=active
         DescribeImportImageTasks DryRun=true
         DescribeImportImageTasks DryRun=True
         DescribeExportTasks DryRun=true",
        expect![[r"
            DescribeVpcs
              400 InvalidAction: The action DescribeVpcs is not valid for this web service.
            DescribeImportImageTasks Filter.1.Name=task-state Filter.1.Value.1=active
              400 UnknownParameter: The parameter Filter is not recognized
            DescribeImages Filters.1.Name=name Filters.1.Value.1=x
              400 UnknownParameter: The parameter Filters is not recognized
            DescribeImportImageTasks ImportTaskIds.1=x
              400 UnknownParameter: The parameter ImportTaskIds is not recognized
            DescribeImportImageTasks ImportTaskId=x
              400 UnknownParameter: The parameter ImportTaskId is not recognized
            DescribeImportImageTasks ImportTaskId.0=x
              400 UnknownParameter: The parameter ImportTaskId is not recognized
            DescribeImportImageTasks Filters.1.Name=task-state
              400 MissingParameter: The request must contain the parameter Filters.1.Value
            DescribeImportImageTasks Filters.1.Value.1=active
              400 MissingParameter: The request must contain the parameter Filters.1.Name
            DescribeImportImageTasks DryRun=true
              412 DryRunOperation: Request would have succeeded, but DryRun flag is set.
            DescribeImportImageTasks DryRun=True
              400 InvalidParameterValue: Invalid value 'True' for parameter DryRun
            DescribeExportTasks DryRun=true
              400 UnknownParameter: The parameter DryRun is not recognized
        "]],
    )
    .await;
}

#[tokio::test]
async fn page_sizes() {
    check(
        "DescribeImportImageTasks MaxResults=many
         DescribeImportImageTasks MaxResults=0
         DescribeImportImageTasks MaxResults=1001
         DescribeImportImageTasks MaxResults=5 MaxResults=6
         DescribeInstances MaxResults=4
         DescribeExportImageTasks MaxResults=501
         DescribeExportTasks MaxResults=5
         DescribeInstances MaxResults=5 InstanceId.1=i-1
         DescribeImages MaxResults=5 ImageId.1=ami-1",
        expect![[r"
            DescribeImportImageTasks MaxResults=many
              400 InvalidParameterValue: Invalid value 'many' for parameter MaxResults
            DescribeImportImageTasks MaxResults=0
              400 InvalidParameterValue: Value ( 0 ) for parameter maxResults is invalid. Expecting a value greater than 1.
            DescribeImportImageTasks MaxResults=1001
              400 InvalidParameterValue: Value ( 1001 ) for parameter maxResults is invalid. Expecting a value less than 1000.
            DescribeImportImageTasks MaxResults=5 MaxResults=6
              400 MalformedQueryString: A parameter is given more than once
            DescribeInstances MaxResults=4
              400 InvalidParameterValue: Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.
            DescribeExportImageTasks MaxResults=501
              400 InvalidParameterValue: Value ( 501 ) for parameter maxResults is invalid. Expecting a value less than 500.
            DescribeExportTasks MaxResults=5
              400 UnknownParameter: The parameter MaxResults is not recognized
            DescribeInstances MaxResults=5 InstanceId.1=i-1
              400 InvalidParameterCombination: The parameter instancesSet cannot be used with the parameter maxResults
            DescribeImages MaxResults=5 ImageId.1=ami-1
              400 InvalidParameterCombination: The parameter imageIdsSet cannot be used with the parameter maxResults
        "]],
    )
    .await;
}

#[tokio::test]
async fn unknown_ids() {
    check(
        "DescribeImportImageTasks ImportTaskId.1=a ImportTaskId.2=b
         DescribeImages ImageId.1=ami-00000001
         DescribeImages ImageId.1=ami-00000001 ImageId.2=ami-00000002
         DescribeSnapshots SnapshotId.1=snap-00000001 SnapshotId.2=snap-00000002
         DescribeVolumes VolumeId.1=vol-0123456789abcdef0
         DescribeInstances InstanceId.1=i-0000000a InstanceId.2=i-0000000b
         DescribeInstances InstanceId.1=i-0000000a InstanceId.2=foobar
         DescribeImages ImageId.1=ami-1
         DescribeSnapshots SnapshotId.1=vol-00000001
         DescribeVolumes VolumeId.1=vol-0000000g
         DescribeExportTasks ExportTaskId.1=export-i-00000001
         DescribeConversionTasks ConversionTaskId.1=import-i-1
         DescribeRegions RegionName.1=us-east-9
         DescribeAvailabilityZones ZoneName.1=us-east-1z",
        expect![[r#"
            DescribeImportImageTasks ImportTaskId.1=a ImportTaskId.2=b
              400 InvalidConversionTaskId.Malformed: Invalid conversion task id: "a", "b"
            DescribeImages ImageId.1=ami-00000001
              400 InvalidAMIID.NotFound: The image id '[ami-00000001]' does not exist
            DescribeImages ImageId.1=ami-00000001 ImageId.2=ami-00000002
              400 InvalidAMIID.NotFound: The image ids '[ami-00000001, ami-00000002]' do not exist
            DescribeSnapshots SnapshotId.1=snap-00000001 SnapshotId.2=snap-00000002
              400 InvalidSnapshot.NotFound: The snapshot 'snap-00000001' does not exist.
            DescribeVolumes VolumeId.1=vol-0123456789abcdef0
              400 InvalidVolume.NotFound: The volume 'vol-0123456789abcdef0' does not exist.
            DescribeInstances InstanceId.1=i-0000000a InstanceId.2=i-0000000b
              400 InvalidInstanceID.NotFound: The instance IDs 'i-0000000a, i-0000000b' do not exist
            DescribeInstances InstanceId.1=i-0000000a InstanceId.2=foobar
              400 InvalidInstanceID.Malformed: Invalid id: "foobar" (expecting "i-...")
            DescribeImages ImageId.1=ami-1
              400 InvalidAMIID.Malformed: Invalid id: "ami-1" (expecting "ami-...")
            DescribeSnapshots SnapshotId.1=vol-00000001
              400 InvalidSnapshotID.Malformed: Invalid id: "vol-00000001" (expecting "snap-...")
            DescribeVolumes VolumeId.1=vol-0000000g
              400 InvalidVolumeID.Malformed: Invalid id: "vol-0000000g" (expecting "vol-...")
            DescribeExportTasks ExportTaskId.1=export-i-00000001
              400 InvalidExportTaskID.NotFound: The export task ID 'export-i-00000001' does not exist
            DescribeConversionTasks ConversionTaskId.1=import-i-1
              400 InvalidConversionTaskId: The conversion task ID 'import-i-1' is not valid
            DescribeRegions RegionName.1=us-east-9
              400 InvalidParameterValue: Invalid region names: [us-east-9]
            DescribeAvailabilityZones ZoneName.1=us-east-1z
              400 InvalidParameterValue: Invalid availability zones: [us-east-1z]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn forms() {
    let fake = start().await;
    let client = Client::of(&fake);
    for (body, code) in [
        ("Action=DescribeRegions", "MissingParameter"),
        ("Version=2016-11-15", "MissingParameter"),
        ("Action=DescribeRegions&Version=2014-10-01", "NoSuchVersion"),
        ("Action=DescribeRegions&Version=2016-11-15&RegionName.1=%ff", "MalformedQueryString"),
        ("Action=DescribeRegions&Version=2016-11-15&RegionName.1=%4", "MalformedQueryString"),
    ] {
        let bytes = crate::client::exchange(&client.address, &client.signed(body)).await;
        assert_eq!(crate::client::Received::parse(&bytes).code(), code, "{body}");
    }
    // A plus is a blank, and an escape can hide anything.
    let odd = form("DescribeRegions", &[]) + "&Filter.1.Name=region-name&Filter.1.Value.1=a+b%26Action%3DX%0A";
    crate::client::exchange(&client.address, &client.signed(&odd)).await;
    let seen = fake.requests().pop().unwrap();
    assert_eq!((seen.status, seen.parameters[1].1.as_str()), (200, "a b&Action=X\n"));
}

#[tokio::test]
async fn bounds() {
    let fake = start().await;
    let client = Client::of(&fake);
    let many = |name: &str, count: usize| (1..=count).map(|n| (format!("{name}.{n}"), "usw2-az1")).collect::<Vec<_>>();
    let mut named = many("Filter.1.Value", 200);
    named.push(("Filter.1.Name".to_owned(), "zone-id"));
    let mut outcomes = Vec::new();
    for parameters in [
        many("ZoneId", 1_000),
        many("ZoneId", 1_001),
        named.clone(),
        [named, many("Filter.1.Value", 201)[200..].to_vec()].concat(),
    ] {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let received = client.ask("DescribeAvailabilityZones", &parameters).await;
        outcomes.push(if received.status == 200 { String::new() } else { received.message() });
    }
    assert_eq!(
        outcomes,
        [
            "Invalid availability zones: [".to_owned() + &["usw2-az1"; 1_000].join(", ") + "]",
            "The maximum number of ids in a call is 1000".to_owned(),
            String::new(),
            "The maximum number of filter values specified on a single call is 200".to_owned(),
        ]
    );
}

#[tokio::test]
async fn known_ids_and_filters() {
    let fake = start().await;
    let client = Client::of(&fake);
    let tasks = "DescribeImportImageTasks";
    let known = client.ask(tasks, &[]).await.texts("importTaskId");
    let some = client.ask(tasks, &[("ImportTaskId.1", &known[3]), ("ImportTaskId.7", &known[1])]).await;
    assert_eq!(some.texts("importTaskId"), [known[1].as_str(), known[3].as_str()]);
    let count = |filters: &'static [(&'static str, &'static [&'static str])]| {
        let client = client.clone();
        async move {
            let mut parameters = Vec::new();
            for ((name, values), n) in filters.iter().zip(1..) {
                parameters.push((format!("Filters.{n}.Name"), *name));
                let values = values.iter().zip(1..);
                parameters.extend(values.map(|(value, m)| (format!("Filters.{n}.Value.{m}"), *value)));
            }
            let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            let received = client.ask(tasks, &parameters).await;
            if received.status == 200 { received.texts("importTaskId").len().to_string() } else { received.message() }
        }
    };
    assert_eq!(count(&[("task-state", &["completed"])]).await, "13");
    assert_eq!(count(&[("task-state", &["completed", "deleted"])]).await, "16");
    assert_eq!(count(&[("task-state", &["completed"]), ("tag:wave", &["2"])]).await, "2");
    assert_eq!(count(&[("task-state", &["active"]), ("tag:wave", &["2"])]).await, "6");
    assert_eq!(count(&[("tag:Owner", &["o'neill", "j?rg", "li *"])]).await, "14");
    assert_eq!(count(&[("tag:owner", &["*"])]).await, "0");
    assert_eq!(count(&[("tag-key", &["cost center"])]).await, "1");
    assert_eq!(count(&[("tag-key", &["\\*"])]).await, "0");
    assert_eq!(count(&[("task-state", &["pending"])]).await, "The filter value 'pending' is invalid");
    assert_eq!(count(&[("status", &["active"])]).await, "The filter 'status' is invalid");
    let seen =
        client.ask("DescribeImportSnapshotTasks", &[("Filters.1.Name", "task-state"), ("Filters.1.Value.1", "active")]);
    assert_eq!(seen.await.message(), "The filter 'task-state' is invalid");
}

#[tokio::test]
async fn filters_that_ec2_does_not_look_at() {
    let fake = start().await;
    let client = Client::of(&fake);
    let exports =
        client.ask("DescribeExportImageTasks", &[("Filter.1.Name", "task-state"), ("Filter.1.Value.1", "deleting")]);
    assert_eq!(exports.await.texts("exportImageTaskId").len(), 8);
    let none = [("Filter.1.Name", "bucket"), ("Filter.1.Value.1", "none")];
    let stores = "DescribeStoreImageTasks";
    assert_eq!(client.ask(stores, &none).await.texts("amiId").len(), 0);
    let id = client.ask(stores, &[]).await.texts("amiId").remove(0);
    let by_id = [none[0], none[1], ("ImageId.1", id.as_str())];
    assert_eq!(client.ask(stores, &by_id).await.texts("amiId"), [id.as_str()]);
}

#[tokio::test]
async fn instances_are_filtered_one_by_one() {
    let fake = start().await;
    let client = Client::at(&fake, "us-west-2");
    let all = client.ask("DescribeInstances", &[]).await.texts("instanceId");
    let one = client.ask("DescribeInstances", &[("InstanceId.1", &all[1])]).await;
    assert_eq!((one.texts("reservationId").len(), one.texts("instanceId").len()), (1, 1));
    let filter = [("Filter.1.Name", "instance-state-name"), ("Filter.1.Value.1", "stopped")];
    let stopped = client.ask("DescribeInstances", &filter).await;
    assert!(!stopped.texts("instanceId").is_empty() && stopped.texts("instanceId").len() < all.len());
    let none = client.ask("DescribeInstances", &[("Filter.1.Name", "tag:wave"), ("Filter.1.Value.1", "9")]).await;
    assert_eq!(none.texts("reservationId").len(), 0);
}
