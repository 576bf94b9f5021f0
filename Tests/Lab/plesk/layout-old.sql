-- The layout of Plesk 8 to 10: relaying in `misc`, IPv4 only, no service nodes.
INSERT INTO misc (param, val)
  SELECT name, value FROM ServiceNodeConfiguration WHERE serviceNodeId = 1 AND section = 'mailServer'
  ON DUPLICATE KEY UPDATE val = VALUES(val);
DROP TABLE ServiceNodeConfiguration;
DELETE FROM smtp_poplocks WHERE ip_address LIKE '%:%';
ALTER TABLE smtp_poplocks DROP COLUMN serviceNodeId, MODIFY ip_address varchar(15) CHARACTER SET ascii NOT NULL;
ALTER TABLE badmailfrom DROP COLUMN serviceNodeId;
