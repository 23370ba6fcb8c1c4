DROP TABLE unread_mail;
