-- The Studio's chat sessions are listed without reading those of the API, which may be very many.

create index chat_sessions_studio on chat_sessions (account_id, id) where source = 'studio';
