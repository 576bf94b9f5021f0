-- The `psa` database of the lab host.
-- ServiceNodeConfiguration, smtp_poplocks, badmailfrom and misc have the columns and the defaults of the
-- vendor's published schema (17.8). domains, domain_aliases, mail and mail_aliases are assumed: only the columns that
-- are needed to list what the host serves.
DROP DATABASE IF EXISTS psa;
CREATE DATABASE psa CHARACTER SET utf8mb4;
USE psa;
CREATE TABLE ServiceNodeConfiguration (
  serviceNodeId int(10) unsigned NOT NULL,
  section varchar(100) CHARACTER SET ascii NOT NULL,
  name varchar(100) CHARACTER SET ascii NOT NULL,
  value mediumtext DEFAULT NULL,
  PRIMARY KEY (serviceNodeId, section, name)
) ENGINE=InnoDB;
INSERT INTO ServiceNodeConfiguration VALUES
  (1, 'mailServer', 'relay', 'auth'),
  (1, 'mailServer', 'disable_pop_auth', '1'),
  (1, 'mailServer', 'disable_smtp_auth', '0'),
  (1, 'mailServer', 'poplock_time', '20'),
  (1, 'mailServer', 'message_submission', 'true'),
  (1, 'mailServer', 'outgoing_messages_mbox_limit', '10'),
  (1, 'mailServer', 'outgoing_messages_domain_limit', '50'),
  (1, 'mailServer', 'outgoing_messages_subscription_limit', '100'),
  (1, 'mailServer', 'outgoing_messages_filter_enabled', 'false'),
  (1, 'mailServer', 'outgoing_messages_enable_sendmail', 'true'),
  (1, 'mailServer', 'outgoing_email_mode', 'domain-ip');
CREATE TABLE smtp_poplocks (
  ip_address varchar(39) CHARACTER SET ascii NOT NULL,
  ip_mask int(10) unsigned NOT NULL DEFAULT 32,
  lock_time datetime DEFAULT NULL,
  serviceNodeId int(10) unsigned NOT NULL DEFAULT 1,
  KEY ip_address (ip_address)
) ENGINE=InnoDB COMMENT='Used for SMTP poplocks and IP white list for relay';
INSERT INTO smtp_poplocks (ip_address, ip_mask) VALUES ('127.0.0.1', 8), ('::1', 128);
CREATE TABLE badmailfrom (
  id int(10) unsigned NOT NULL AUTO_INCREMENT,
  domain varchar(255) CHARACTER SET ascii NOT NULL,
  serviceNodeId int(10) unsigned NOT NULL DEFAULT 1,
  PRIMARY KEY (id)
) ENGINE=InnoDB;
INSERT INTO badmailfrom (domain) VALUES ('spammer.example');
CREATE TABLE misc (
  param varchar(255) CHARACTER SET ascii NOT NULL,
  val varbinary(255) DEFAULT NULL,
  PRIMARY KEY (param)
) ENGINE=InnoDB;
INSERT INTO misc VALUES
  ('allow_short_pop3_names', 'disabled'), ('use_vocabulary', 'true'), ('version', '018000062000');
CREATE TABLE domains (
  id int(10) unsigned NOT NULL AUTO_INCREMENT,
  name varchar(255) CHARACTER SET ascii NOT NULL,
  displayName varchar(255) NOT NULL,
  status bigint(20) unsigned NOT NULL DEFAULT 0,
  htype enum('none','vrt_hst','std_fwd','frm_fwd') NOT NULL DEFAULT 'none',
  PRIMARY KEY (id), UNIQUE KEY name (name)
) ENGINE=InnoDB;
INSERT INTO domains (id, name, displayName, htype) VALUES
  (1, 'hosted.example', 'hosted.example', 'vrt_hst'), (2, 'second.example', 'second.example', 'none');
CREATE TABLE domain_aliases (
  id int(10) unsigned NOT NULL AUTO_INCREMENT,
  name varchar(255) CHARACTER SET ascii NOT NULL,
  dom_id int(10) unsigned NOT NULL,
  mail enum('true','false') NOT NULL DEFAULT 'true',
  PRIMARY KEY (id), UNIQUE KEY name (name)
) ENGINE=InnoDB;
INSERT INTO domain_aliases VALUES (1, 'web-only.example', 1, 'false');
CREATE TABLE mail (
  id int(10) unsigned NOT NULL AUTO_INCREMENT,
  mail_name varchar(245) CHARACTER SET ascii NOT NULL,
  postbox enum('true','false') NOT NULL DEFAULT 'false',
  dom_id int(10) unsigned NOT NULL,
  PRIMARY KEY (id), UNIQUE KEY dom_id (dom_id, mail_name)
) ENGINE=InnoDB;
INSERT INTO mail (id, mail_name, postbox, dom_id) VALUES
  (1, 'postmaster', 'true', 1), (2, 'alice', 'true', 1), (3, 'postmaster', 'true', 2), (4, 'bob', 'true', 2);
CREATE TABLE mail_aliases (
  id int(10) unsigned NOT NULL AUTO_INCREMENT,
  mn_id int(10) unsigned NOT NULL,
  alias varchar(245) CHARACTER SET ascii NOT NULL,
  PRIMARY KEY (id), UNIQUE KEY mn_id (mn_id, alias)
) ENGINE=InnoDB;
INSERT INTO mail_aliases (mn_id, alias) VALUES (2, 'sales');
