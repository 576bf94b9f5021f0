-- Back from the layout of Plesk 8 to 10 to that of Plesk 11 and later.
CREATE TABLE ServiceNodeConfiguration (
  serviceNodeId int(10) unsigned NOT NULL,
  section varchar(100) CHARACTER SET ascii NOT NULL,
  name varchar(100) CHARACTER SET ascii NOT NULL,
  value mediumtext DEFAULT NULL,
  PRIMARY KEY (serviceNodeId, section, name)
) ENGINE=InnoDB;
INSERT INTO ServiceNodeConfiguration
  SELECT 1, 'mailServer', param, CONVERT(val USING utf8mb4) FROM misc
  WHERE param NOT IN ('allow_short_pop3_names', 'use_vocabulary', 'version');
DELETE FROM misc WHERE param NOT IN ('allow_short_pop3_names', 'use_vocabulary', 'version');
ALTER TABLE smtp_poplocks MODIFY ip_address varchar(39) CHARACTER SET ascii NOT NULL,
  ADD COLUMN serviceNodeId int(10) unsigned NOT NULL DEFAULT 1;
ALTER TABLE badmailfrom ADD COLUMN serviceNodeId int(10) unsigned NOT NULL DEFAULT 1;
