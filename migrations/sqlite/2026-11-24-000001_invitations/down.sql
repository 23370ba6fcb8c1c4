DROP TABLE letters;
DROP TABLE invitation_events;
DROP TABLE invitations;
DROP TABLE user_roles;
DROP TABLE users;
