//! What the operations answer.

use expect_test::expect;

use crate::client::{Client, start};

/// Operation, the element of its rows, one that each row has, and the rows in us-east-1.
const OPERATIONS: &[(&str, &str, &str, usize)] = &[
    ("DescribeImportImageTasks", "importImageTaskSet", "importTaskId", 26),
    ("DescribeImportSnapshotTasks", "importSnapshotTaskSet", "importTaskId", 13),
    ("DescribeExportImageTasks", "exportImageTaskSet", "exportImageTaskId", 8),
    ("DescribeExportTasks", "exportTaskSet", "exportTaskId", 4),
    ("DescribeConversionTasks", "conversionTasks", "conversionTaskId", 5),
    ("DescribeStoreImageTasks", "storeImageTaskResultSet", "amiId", 5),
    ("DescribeImages", "imagesSet", "imageLocation", 14),
    ("DescribeSnapshots", "snapshotSet", "startTime", 24),
    ("DescribeVolumes", "volumeSet", "createTime", 13),
    ("DescribeInstances", "reservationSet", "launchTime", 6),
    ("DescribeRegions", "regionInfo", "regionEndpoint", 18),
    ("DescribeAvailabilityZones", "availabilityZoneInfo", "zoneName", 6),
];

#[tokio::test]
async fn every_operation_answers_well_formed_pages() {
    let fake = start().await;
    for region in ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1"] {
        let client = Client::at(&fake, region);
        for (operation, set, key, rows) in OPERATIONS {
            let page = client.ask(operation, &[]).await;
            assert_eq!(page.status, 200, "{operation}");
            assert_eq!(page.header("content-type"), Some("text/xml;charset=UTF-8"));
            let document = roxmltree::Document::parse(&page.body).unwrap();
            let root = document.root_element();
            assert_eq!(root.tag_name().name(), format!("{operation}Response"));
            assert_eq!(root.tag_name().namespace(), Some("http://ec2.amazonaws.com/doc/2016-11-15/"));
            let children: Vec<_> = root.children().filter(roxmltree::Node::is_element).collect();
            assert_eq!(children[0].text(), page.header("x-amzn-requestid"));
            assert_eq!(children[1].tag_name().name(), *set);
            assert!(page.texts(key).iter().all(|text| !text.is_empty()), "{operation}");
            if region == "us-east-1" {
                assert_eq!(page.texts(key).len(), *rows.min(&20), "{operation}");
            }
        }
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "the page is written out")]
async fn a_page_as_it_is_sent() {
    let fake = start().await;
    let client = Client::at(&fake, "us-east-1");
    let page = client
        .ask(
            "DescribeImportSnapshotTasks",
            &[("MaxResults", "1"), ("Filters.1.Name", "tag:Name"), ("Filters.1.Value.1", "*-008")],
        )
        .await;
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <DescribeImportSnapshotTasksResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
            <requestId>7d72794f-221f-510a-2c7d-08d430ead060</requestId>
            <importSnapshotTaskSet>
                <item>
                    <description>نظام الفواتير / שלום</description>
                    <importTaskId>import-snap-947029b4816bf6b16</importTaskId>
                    <snapshotTaskDetail>
                        <description>نظام الفواتير / שלום</description>
                        <diskImageSize>6.2390272E10</diskImageSize>
                        <encrypted>true</encrypted>
                        <format>OVA</format>
                        <kmsKeyId>arn:aws:kms:us-east-1:123456789012:key/682007f1-82a6-a1d9-c72f-0cfdf4531d15</kmsKeyId>
                        <snapshotId>snap-c003e470b4a692abf</snapshotId>
                        <status>completed</status>
                        <userBucket>
                            <s3Bucket>example-vm-exports-us-east-1</s3Bucket>
                            <s3Key>wave-1/app-008-disk1.ova</s3Key>
                        </userBucket>
                    </snapshotTaskDetail>
                    <tagSet>
                        <item>
                            <key>wave</key>
                            <value>1</value>
                        </item>
                        <item>
                            <key>Name</key>
                            <value>app-008</value>
                        </item>
                        <item>
                            <key>Owner</key>
                            <value>li wei</value>
                        </item>
                    </tagSet>
                </item>
            </importSnapshotTaskSet>
        </DescribeImportSnapshotTasksResponse>"#]]
    .assert_eq(&page.body);
    let active =
        client.ask("DescribeImportImageTasks", &[("Filters.1.Name", "tag:Name"), ("Filters.1.Value.1", "*-036")]).await;
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <DescribeImportImageTasksResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
            <requestId>1b1cdaca-a459-c307-b3fd-2e0a0d708006</requestId>
            <importImageTaskSet>
                <item>
                    <architecture>x86_64</architecture>
                    <description>it's 'quoted'; -- not a comment</description>
                    <importTaskId>import-ami-928153510b985b33t</importTaskId>
                    <licenseType>BYOL</licenseType>
                    <platform>Linux</platform>
                    <progress>26</progress>
                    <snapshotDetailSet>
                        <item>
                            <diskImageSize>3.752329216E9</diskImageSize>
                            <format>vmdk</format>
                            <status>active</status>
                            <userBucket>
                                <s3Bucket>example-vm-exports-us-east-1</s3Bucket>
                                <s3Key>wave-1/mail-036-disk1.vmdk</s3Key>
                            </userBucket>
                        </item>
                    </snapshotDetailSet>
                    <status>active</status>
                    <statusMessage>converting</statusMessage>
                    <tagSet>
                        <item>
                            <key>wave</key>
                            <value>2</value>
                        </item>
                        <item>
                            <key>Name</key>
                            <value>mail-036</value>
                        </item>
                        <item>
                            <key>Owner</key>
                            <value>ops@example.com</value>
                        </item>
                    </tagSet>
                    <licenseSpecifications/>
                    <usageOperation>RunInstances</usageOperation>
                </item>
            </importImageTaskSet>
        </DescribeImportImageTasksResponse>"#]]
    .assert_eq(&active.body);
    let refused = client.ask("DescribeImportImageTasks", &[("DryRun", "true")]).await;
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <Response><Errors><Error><Code>DryRunOperation</Code><Message>Request would have succeeded, but DryRun flag is set.</Message></Error></Errors><RequestID>0607c8cf-0f19-e20a-619e-68f6d0e69682</RequestID></Response>"#]].assert_eq(&refused.body);
}

#[tokio::test]
async fn the_same_seed_and_clock_give_the_same_bytes() {
    let (one, other) = (start().await, start().await);
    let host = Client::of(&one).address;
    for (operation, ..) in OPERATIONS {
        let asked = Client::of(&one).ask(operation, &[]).await;
        // The address is signed, but it is not in the answer.
        let again = Client::of(&other).ask(operation, &[]).await;
        assert_eq!(asked, again, "{operation}");
        assert!(!asked.body.contains(&host));
        assert_ne!(Client::of(&one).ask(operation, &[]).await.texts("requestId"), asked.texts("requestId"));
    }
    one.script("clock +20m").unwrap();
    let operation = "DescribeImportImageTasks";
    assert_ne!(Client::of(&one).ask(operation, &[]).await.body, Client::of(&other).ask(operation, &[]).await.body);
}

#[tokio::test]
async fn imports_lead_to_images_instances_and_volumes() {
    let fake = start().await;
    let client = Client::at(&fake, "us-west-2");
    let tasks = client.ask("DescribeImportImageTasks", &[("MaxResults", "1000")]).await;
    let images = client.ask("DescribeImages", &[("MaxResults", "1000"), ("Owner.1", "self")]).await;
    let snapshots = client.ask("DescribeSnapshots", &[("MaxResults", "1000")]).await;
    let instances = client.ask("DescribeInstances", &[("MaxResults", "1000")]).await;
    let volumes = client.ask("DescribeVolumes", &[("MaxResults", "1000")]).await;
    assert_eq!(images.texts("imageId"), tasks.texts("imageId"));
    let known = snapshots.texts("snapshotId");
    assert!(images.texts("snapshotId").iter().all(|id| known.contains(id)));
    assert!(volumes.texts("snapshotId").iter().all(|id| known.contains(id)));
    assert!(instances.texts("imageId").iter().all(|id| tasks.texts("imageId").contains(id)));
    let attached = instances.texts("volumeId");
    assert!(!attached.is_empty());
    assert!(attached.iter().all(|id| volumes.texts("volumeId").contains(id)));
    assert!(instances.texts("reservationId").len() < instances.texts("instanceId").len());
}

#[tokio::test]
async fn regions_and_zones() {
    let fake = start().await;
    let client = Client::at(&fake, "us-west-2");
    let count = |received: crate::client::Received, name: &str| received.texts(name).len();
    assert_eq!(count(client.ask("DescribeRegions", &[("AllRegions", "true")]).await, "regionName"), 22);
    let disabled = [("AllRegions", "true"), ("Filter.1.Name", "opt-in-status"), ("Filter.1.Value.1", "not-*")];
    assert_eq!(count(client.ask("DescribeRegions", &disabled).await, "regionName"), 4);
    assert_eq!(count(client.ask("DescribeRegions", &disabled[1..]).await, "regionName"), 0);
    assert_eq!(count(client.ask("DescribeRegions", &[("RegionName.1", "ap-east-1")]).await, "regionName"), 1);
    assert_eq!(count(client.ask("DescribeAvailabilityZones", &[]).await, "zoneName"), 4);
    let all = client.ask("DescribeAvailabilityZones", &[("AllAvailabilityZones", "true")]).await;
    assert_eq!(all.texts("zoneId"), ["usw2-az1", "usw2-az2", "usw2-az3", "usw2-az4", "usw2-lax1-az1"]);
}
