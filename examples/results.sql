-- What did wave 1 become? Images, snapshots and the volumes that were made of them.
SELECT task_id, image_id, image_name, image_state, snapshot_id, size_gib, volume_id, instance_id
FROM aws.vm_import.results
WHERE region = 'us-east-1' AND NOT orphan AND tags['wave'] = '1' AND outcome = 'completed'
ORDER BY task_id, snapshot_id;
