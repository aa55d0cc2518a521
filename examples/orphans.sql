-- Snapshots of imports that AWS no longer lists, and what they keep: the largest first.
SELECT region, snapshot_id, started_at, size_gib, task_id, image_id, volume_id
FROM aws.vm_import.results
WHERE region IN ('us-east-1', 'eu-west-1') AND orphan
ORDER BY size_gib DESC;
