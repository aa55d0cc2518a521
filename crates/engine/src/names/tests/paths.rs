//! Paths into structs, lists and maps.

use super::check;
use expect_test::expect;

#[test]
fn structs() {
    check(
        "select SNAPSHOTTASKDETAIL.PROGRESS from import_snapshot_tasks",
        expect![[r#"
            SELECT snapshotTaskDetail['progress'] AS progress FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks
        "#]],
    );
    check(
        "select T.snapshottaskdetail.userbucket.S3KEY from import_snapshot_tasks t",
        expect![[r#"
            SELECT t.snapshotTaskDetail['userBucket']['s3Key'] AS s3Key FROM aws.ec2_api.import_snapshot_tasks t
        "#]],
    );
    check(
        "select aws.ec2_api.import_snapshot_tasks.snapshottaskdetail.userbucket.S3KEY from aws.ec2_api.import_snapshot_tasks",
        expect![[r#"
            SELECT import_snapshot_tasks.snapshotTaskDetail['userBucket']['s3Key'] AS s3Key FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks
        "#]],
    );
    check(
        "select snapshottaskdetail['progress'] from import_snapshot_tasks",
        expect![[r#"
            SELECT snapshotTaskDetail['progress'] AS progress FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks
        "#]],
    );
    check(
        "select snapshottaskdetail['PROGRESS'] from import_snapshot_tasks",
        expect![[r#"
            Column: column "PROGRESS" does not exist in snapshotTaskDetail
            hint: Did you mean progress?
        "#]],
    );
    check(
        "select snapshottaskdetail.\"PROGRESS\" from import_snapshot_tasks",
        expect![[r#"
            Column: column "PROGRESS" does not exist in snapshotTaskDetail
            hint: Did you mean progress?
        "#]],
    );
    check(
        "select snapshottaskdetail.userbuckets.s3key from import_snapshot_tasks",
        expect![[r#"
            Column: column "userbuckets" does not exist in snapshotTaskDetail
            hint: Did you mean userBucket?
        "#]],
    );
    check(
        "select (snapshottaskdetail).progress from import_snapshot_tasks",
        expect![[r#"
            SELECT (snapshotTaskDetail)['progress'] AS progress FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks
        "#]],
    );
    check(
        "select 1 from import_snapshot_tasks where snapshottaskdetail.status = 'x' group by snapshottaskdetail.STATUS order by snapshottaskdetail.STATUS",
        expect![[r#"
            SELECT 1 FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks WHERE snapshotTaskDetail['status'] = 'x' GROUP BY snapshotTaskDetail['status'] ORDER BY snapshotTaskDetail['status']
        "#]],
    );
}

#[test]
fn lists() {
    check(
        "select snapshotdetailset[1].FORMAT from import_image_tasks",
        expect![[r#"
            SELECT snapshotDetailSet[1]['format'] AS format FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select t.SNAPSHOTDETAILSET[1].USERBUCKET.s3key from import_image_tasks t",
        expect![[r#"
            SELECT t.snapshotDetailSet[1]['userBucket']['s3Key'] AS s3Key FROM aws.ec2_api.import_image_tasks t
        "#]],
    );
    check(
        "select snapshotdetailset[1]['userBucket'].S3KEY from import_image_tasks",
        expect![[r#"
            SELECT snapshotDetailSet[1]['userBucket']['s3Key'] AS s3Key FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select snapshotdetailset[length(STATUS)].format from import_image_tasks",
        expect![[r#"
            SELECT snapshotDetailSet[length(status)]['format'] AS format FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select snapshotdetailset[1:2] from import_image_tasks",
        expect![[r#"
            SELECT snapshotDetailSet[1:2] AS "snapshotDetailSet[1:2]" FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select snapshotdetailset[1] from import_image_tasks",
        expect![[r#"
            SELECT snapshotDetailSet[1] AS "snapshotDetailSet[1]" FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select snapshotdetailset.format from import_image_tasks",
        expect![[r#"
            Column: column "format" does not exist in snapshotDetailSet
            hint: "snapshotDetailSet" is a list: write snapshotDetailSet[1].format for its first element, or unnest(snapshotDetailSet) for all.
        "#]],
    );
    check(
        "select progress.x from import_image_tasks",
        expect![[r#"
            Column: column "x" does not exist in progress
            hint: "progress" is a plain value: it has no fields.
        "#]],
    );
    check(
        "select unnest(SNAPSHOTDETAILSET).FORMAT from import_image_tasks",
        expect![[r#"
            SELECT unnest(snapshotDetailSet)['format'] AS format FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select coalesce(snapshotdetailset[1], snapshotdetailset[2]).FORMAT from import_image_tasks",
        expect![[r#"
            SELECT coalesce(snapshotDetailSet[1], snapshotDetailSet[2])['format'] AS format FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
}

#[test]
fn maps() {
    check(
        "select tags['Wave'] from images",
        expect![[r#"
        SELECT tags['Wave'] AS Wave FROM aws.ec2_api.images AS images
    "#]],
    );
    check(
        "select TAGS.Wave from images i where i.TAGS['Wave'] = 'x'",
        expect![[r#"
            SELECT tags['Wave'] AS Wave FROM aws.ec2_api.images i WHERE i.tags['Wave'] = 'x'
        "#]],
    );
}

#[test]
fn through_derived_tables() {
    check(
        "select D.FORMAT, d.userbucket.S3KEY from (select unnest(snapshotdetailset) as D from import_image_tasks) x",
        expect![[r#"
            SELECT D['format'] AS format, D['userBucket']['s3Key'] AS s3Key FROM (SELECT unnest(snapshotDetailSet) AS D FROM aws.ec2_api.import_image_tasks AS import_image_tasks) x
        "#]],
    );
    check(
        "with t(Id, Detail) as (select importtaskid, snapshottaskdetail from import_snapshot_tasks) select DETAIL.PROGRESS from t",
        expect![[r#"
            WITH t (Id, Detail) AS (SELECT importTaskId, snapshotTaskDetail FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks) SELECT Detail['progress'] AS progress FROM t
        "#]],
    );
    check(
        "select x.u.S3KEY from (select snapshottaskdetail.userbucket as U from import_snapshot_tasks) x",
        expect![[r#"
            SELECT x.U['s3Key'] AS s3Key FROM (SELECT snapshotTaskDetail['userBucket'] AS U FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks) x
        "#]],
    );
    check(
        "select userbucket.S3KEY from (select snapshottaskdetail.userbucket from import_snapshot_tasks) x",
        expect![[r#"
            SELECT userBucket['s3Key'] AS s3Key FROM (SELECT snapshotTaskDetail['userBucket'] AS userBucket FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks) x
        "#]],
    );
    check(
        "select S.x from (select snapshottaskdetail as s from import_snapshot_tasks) x",
        expect![[r#"
            Column: column "x" does not exist in s
        "#]],
    );
    check(
        "select array_agg(snapshottaskdetail)[1].PROGRESS from import_snapshot_tasks",
        expect![[r#"
            SELECT array_agg(snapshotTaskDetail)[1]['progress'] AS progress FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks
        "#]],
    );
}

#[test]
fn headings() {
    check(
        "select STATUS, snapshottaskdetail.status from import_snapshot_tasks",
        expect![[r#"
            SELECT status, snapshotTaskDetail['status'] AS "snapshotTaskDetail.status" FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks
        "#]],
    );
    check(
        "select a.snapshottaskdetail.status, b.snapshottaskdetail.status from import_snapshot_tasks a, import_snapshot_tasks b",
        expect![[r#"
            SELECT a.snapshotTaskDetail['status'] AS "a.snapshotTaskDetail.status", b.snapshotTaskDetail['status'] AS "b.snapshotTaskDetail.status" FROM aws.ec2_api.import_snapshot_tasks a, aws.ec2_api.import_snapshot_tasks b
        "#]],
    );
    check(
        "select *, snapshottaskdetail.status from import_snapshot_tasks",
        expect![[r#"
            SELECT region, importTaskId, status, snapshotTaskDetail, snapshotTaskDetail['status'] AS "snapshotTaskDetail.status" FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks
        "#]],
    );
    check(
        "select snapshottaskdetail.status as S from import_snapshot_tasks order by s",
        expect![[r#"
            SELECT snapshotTaskDetail['status'] AS S FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks ORDER BY S
        "#]],
    );
    check(
        "select tags['status'], status from images i join import_image_tasks using (region)",
        expect![[r#"
            Ambiguous: name "tags" is ambiguous
            hint: Write i.tags or import_image_tasks.tags.
        "#]],
    );
    check(
        "select i.tags['a b'], status as \"A B\" from images i join import_image_tasks using (region)",
        expect![[r#"
            SELECT i.tags['a b'] AS "tags['a b']", status AS "A B" FROM aws.ec2_api.images i JOIN aws.ec2_api.import_image_tasks AS import_image_tasks USING(region)
        "#]],
    );
    check(
        "select snapshottaskdetail.progress from import_snapshot_tasks order by PROGRESS",
        expect![[r#"
            SELECT snapshotTaskDetail['progress'] AS progress FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks ORDER BY progress
        "#]],
    );
    check(
        "select PROGRESS::int, cast(snapshotdetailset[1].diskimagesize as bigint) from import_image_tasks",
        expect![[r#"
            SELECT progress::INT AS progress, CAST(snapshotDetailSet[1]['diskImageSize'] AS BIGINT) AS diskImageSize FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select progress, progress::int from import_image_tasks",
        expect![[r#"
            SELECT progress, progress::INT AS "progress::INT" FROM aws.ec2_api.import_image_tasks AS import_image_tasks
        "#]],
    );
    check(
        "select snapshottaskdetail.progress = '5', upper(snapshottaskdetail.progress) from import_snapshot_tasks",
        expect![[r#"
            SELECT snapshotTaskDetail['progress'] = '5', upper(snapshotTaskDetail['progress']) FROM aws.ec2_api.import_snapshot_tasks AS import_snapshot_tasks
        "#]],
    );
}
