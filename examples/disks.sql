-- Which files in S3 have been imported, and may be deleted there?
SELECT d.s3_bucket, d.s3_key, d.size_bytes, d.snapshot_id
FROM aws.vm_import.disks d
JOIN aws.vm_import.tasks t ON t.region = d.region AND t.task_id = d.task_id
WHERE d.region = 'us-east-1' AND t.outcome = 'completed' AND d.s3_key IS NOT NULL
ORDER BY d.s3_bucket, d.s3_key;
